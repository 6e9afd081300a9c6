//! Who may depend on whom: the domain and SMPP on nothing of ours, adapters on the domain, functions on
//! what is shared and never on each other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::root;

const SHARED: [&str; 10] =
    ["domain", "store", "queue", "vendors", "payments", "printing", "smpp", "sending", "top-ups", "runtime"];

/// What a crate of `shared` may use of ours.
fn allowed(name: &str) -> &'static [&'static str] {
    match name {
        "store" | "queue" | "vendors" | "payments" | "printing" => &["domain"],
        "sending" => &["domain", "store", "runtime"],
        "top-ups" => &["domain", "store", "payments", "runtime"],
        // Login reads the store, and settings build the queues' clients.
        "runtime" => &["domain", "store", "queue"],
        _ => &[],
    }
}

/// Our crates with the folder they lie in and the crates of ours that they use.
fn crates() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let own: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let describe = |package: &Value| {
        let name = package["name"].as_str()?.to_owned();
        let manifest = package["manifest_path"].as_str()?;
        let folder = std::path::Path::new(manifest).strip_prefix(root()).ok()?.parent()?;
        let uses = package["dependencies"].as_array()?.iter().filter_map(|used| used["name"].as_str());
        let uses = uses.filter(|used| own.contains(used)).map(str::to_owned).collect();
        Some((name, (folder.to_string_lossy().into_owned(), uses)))
    };
    packages.iter().filter_map(describe).collect()
}

#[test]
fn shared_crates_know_only_what_is_below_them() {
    for (name, (folder, uses)) in
        crates().into_iter().filter(|(_, (folder, _))| folder.starts_with("shared/"))
    {
        assert_eq!(folder, format!("shared/{name}"), "a folder and its crate have one name");
        let allowed: BTreeSet<_> = allowed(&name).iter().map(|name| (*name).to_owned()).collect();
        let forbidden: Vec<_> = uses.difference(&allowed).collect();
        assert!(forbidden.is_empty(), "{name} may not depend on {forbidden:?}");
    }
}

#[test]
fn functions_use_what_is_shared_and_never_each_other() {
    let shared: BTreeSet<_> = SHARED.iter().map(|name| (*name).to_owned()).collect();
    for (name, (folder, uses)) in
        crates().into_iter().filter(|(_, (folder, _))| folder.starts_with("functions/"))
    {
        assert_eq!(folder, format!("functions/{name}"), "a folder and its crate have one name");
        let forbidden: Vec<_> = uses.difference(&shared).collect();
        assert!(forbidden.is_empty(), "{name} may not depend on {forbidden:?}");
    }
}

#[test]
fn every_dependency_takes_its_version_from_the_one_table() {
    for (_, (folder, _)) in crates() {
        let manifest = crate::read(format!("{folder}/Cargo.toml"));
        let mut in_table = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_table = line.contains("dependencies]");
            } else if in_table && line.contains('=') {
                assert!(line.contains("workspace = true"), "{folder}: `{line}` names a version of its own");
            }
        }
        assert!(manifest.contains("[lints]\nworkspace = true"), "{folder} has the one lint table");
    }
}

/// Packages with the features they are compiled with, when edges of these kinds count.
fn features(edges: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--offline", "--prefix", "none"])
        .args(["--edges", edges, "--format", "{p} {f}"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

#[test]
fn what_the_tests_compiled_serves_cargo_local_too() {
    let with_tests = features("normal,build,dev");
    let only_in_programs: Vec<_> =
        features("normal,build").into_iter().filter(|package| !with_tests.contains(package)).collect();
    assert!(
        only_in_programs.is_empty(),
        "a dev-dependency asks for a feature that these lack, so all that use them is compiled twice; \
         name the feature in the workspace's table: {only_in_programs:?}"
    );
}
