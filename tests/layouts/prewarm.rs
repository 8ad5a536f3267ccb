//! `prewarm --layout`: many projects, one cache.

use super::common::*;
use super::support::cli::Project;
use super::support::registry::Registry;
use super::support::server::Server;

/// Projects that need the same modules, each with its part of go.sum.
fn projects(server: &Server) -> Project {
    let files: String = (0..8)
        .map(|n| {
            format!(
                "-- p{n}/go.mod --\nmodule example.org/p{n}\n\ngo 1.21\n\nrequire (\n\t\
                 example.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n\
                 -- p{n}/go.sum --\n{}\
                 -- p{n}/p.go --\npackage p\n\nimport _ \"example.com/a\"\n",
                server.registry().whole_go_sum()
            )
        })
        .collect();
    let mut projects = Project::new(&files);
    projects.use_server(server);
    projects
}

#[test]
fn many_projects_leave_what_one_leaves() {
    let server = server();
    for needed in [&[][..], &["--needed"]] {
        let run = |projects: &Project, layout: &str| {
            let args = ["prewarm", "--layout", layout, "."];
            projects.gomodfetch(args.iter().chain(needed)).run()
        };
        let whole = projects(&server);
        run(&whole, "full").success();
        let full = cache(&whole);
        for layout in LAYOUTS {
            let projects = projects(&server);
            server.forget_requests();
            let output = run(&projects, layout);
            output.success().stderr_is("").stdout_has("8 projects, 2 modules: 2 downloaded (");
            assert_eq!(server.count("*.zip"), 2);
            let want = part(full.clone(), layout);
            assert_eq!(want.diff(&cache(&projects)), [""; 0], "{layout} {needed:?}");
            server.forget_requests();
            run(&projects, layout).success().stdout_has("0 downloaded, 2 there already\n");
            assert_eq!(server.requests().len(), 0, "{layout} {needed:?}");
            assert_eq!(want.diff(&cache(&projects)), [""; 0], "{layout} {needed:?}: once more");
        }
        // From a full cache, all are asked to remove the same zips.
        run(&whole, "trees").success().stderr_is("");
        assert_eq!(part(full.clone(), "trees").diff(&cache(&whole)), [""; 0], "{needed:?}");
    }
}

/// A zip that is on its way to a cache stays for that long, though the next project has no use for it.
#[test]
fn what_is_being_stored_stays_until_it_is() {
    let server = server();
    let shelf = Server::builder(Registry::new()).stores().start();
    shelf.set_latency(std::time::Duration::from_millis(50));
    for needed in [&[][..], &["--needed"]] {
        let mut projects = projects(&server);
        projects.set("GOCACHEPROXY", shelf.url()).set("GOCACHEPROXY_WRITE", "1");
        let args = ["prewarm", "-v", "--layout", "trees", "."];
        let output = projects.gomodfetch(args.iter().chain(needed)).run();
        output.success().lacks("GOCACHEPROXY");
        for name in ["example.com/a", "example.com/b"] {
            let name = format!("{name}/@v/v1.0.0.zip");
            assert!(shelf.shelf(|shelf| shelf.get(&format!("/{name}")).is_some()), "{name}");
            assert!(!at(&projects, &format!("cache/download/{name}")).exists(), "{name}");
            shelf.shelf(|shelf| shelf.remove(&format!("/{name}")));
        }
    }
}
