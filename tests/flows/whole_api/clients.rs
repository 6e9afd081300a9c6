//! The clients in `clients/` are what is generated from the documents today. `UPDATE_EXPECT=1` writes them.

mod rust;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::peers::{TypeScript, required};

use crate::documents::documents;

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("clients")
}

/// The file has this content, or gets it when the environment says so.
#[track_caller]
fn is_current(file: &Path, content: &str) {
    if std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
        std::fs::write(file, content).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    let hint = "run again with UPDATE_EXPECT=1";
    assert!(committed == content, "{} is not what the documents say: {hint}", file.display());
}

/// The part of a client that belongs to an API.
fn document(name: &str) -> Value {
    documents().into_iter().find(|(other, _)| *other == name).unwrap().1
}

#[test]
fn generated_clients_for_rust_are_current() {
    for (api, module) in [("portal-api", "portal"), ("send-api", "sending")] {
        let source = rust::client(&document(api));
        is_current(&clients().join("rust/src").join(format!("{module}.rs")), &formatted(&source));
    }
}

/// By rustfmt, as all of the tree.
fn formatted(source: &str) -> String {
    let file = std::env::temp_dir().join(format!("waybill-client-{}.rs", runtime::fresh()));
    std::fs::write(&file, source).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut rustfmt = Command::new("rustfmt");
    let output = rustfmt.args(["--edition", "2024", "--config-path"]).arg(root).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}\n{source}", String::from_utf8_lossy(&output.stderr));
    let formatted = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    formatted
}

#[test]
fn generated_clients_for_typescript_are_current_and_type_check() {
    let Some(tools) = required(TypeScript::find()) else { return };
    for api in ["portal-api", "send-api"] {
        let types = typescript::types(&tools, &document(api));
        is_current(&clients().join("typescript").join(format!("{api}.ts")), &types);
    }
    typescript::check(&tools, &clients().join("typescript"));
}
