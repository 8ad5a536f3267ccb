//! Completions and the man page, made from the one definition of the flags.

use clap_complete::Shell;

use crate::cli::flags;

/// The shells that completions are made for, with the names of the files in `completions/`.
pub const SHELLS: [(Shell, &str); 5] = [
    (Shell::Bash, "gomodfetch.bash"),
    (Shell::Zsh, "_gomodfetch"),
    (Shell::Fish, "gomodfetch.fish"),
    (Shell::PowerShell, "_gomodfetch.ps1"),
    (Shell::Elvish, "gomodfetch.elv"),
];

/// The completion script for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut flags::command(), "gomodfetch", &mut script);
    script
}

/// The man page of the program, its commands included.
///
/// # Errors
/// Never for a page that is written to memory; the renderer's signature allows for it.
pub fn man_page() -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = flags::command();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend_from_slice(
            format!(".SH \"COMMAND {}\"\n", sub.get_name().to_uppercase()).as_bytes(),
        );
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    Ok(page)
}
