//! GOPROXY and the variables for HTTP proxies: never panics; whatever becomes of the text, a password
//! or token in the place of user information is not shown.
#![no_main]

use gomodfetch::config::goproxy::{ProxyList, mask_list};
use gomodfetch::spec::gourl::{GoUrl, mask_password};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "S3CR3T";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = ProxyList::parse(&text, "");
    if text.contains(SECRET) {
        return;
    }
    for start in ["https://", "http://", "ftp://", "//", "", "x:"] {
        for user in ["ann:", ":", "", "a%6e:"] {
            // With a password behind another `@` it is the name of a user, which is shown.
            if user.is_empty() && text.contains('@') {
                continue;
            }
            let address = format!("{start}{user}{SECRET}@{text}");
            let shown = match GoUrl::parse(&address) {
                Ok(url) => format!("{url} {url:?} {} {:?}", url.dump(), url.to_request()),
                Err(err) => format!("{err} {err:?}"),
            };
            // Without a scheme and a host it is a path, as far as that alone can tell.
            if !start.is_empty() || !user.is_empty() {
                hides(&address, &shown);
            }
            hides(&address, &mask_password(&address));
            hides(&address, &mask_list(&address));
            let shown = match ProxyList::parse(&address, "x") {
                Ok(list) => format!("{list:?}"),
                Err(err) => format!("{err} {err:?}"),
            };
            hides(&address, &shown);
        }
    }
});

fn hides(address: &str, shown: &str) {
    assert!(!shown.contains(SECRET), "{address:?} is shown as {shown:?}");
}
