//! The top level of the checkout.

use std::process::Command;

use crate::root;

#[test]
fn the_top_level_holds_these_and_no_other() {
    let listed =
        Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root()).output();
    let listed = String::from_utf8(listed.expect("git runs").stdout).expect("names are UTF-8");
    let mut top: Vec<_> = listed
        .lines()
        .filter_map(|path| path.split('/').next())
        .filter(|name| !name.starts_with('.'))
        .collect();
    top.sort_unstable();
    top.dedup();
    assert_eq!(
        top,
        [
            "Cargo.lock",
            "Cargo.toml",
            "README.md",
            "clients",
            "events",
            "functions",
            "fuzz",
            "infra",
            "shared",
            "tests"
        ]
    );
}
