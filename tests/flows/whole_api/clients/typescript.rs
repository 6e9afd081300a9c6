//! Types by `openapi-typescript`, checked by the compiler.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::peers::TypeScript;

/// The types of a document.
pub fn types(tools: &TypeScript, document: &Value) -> String {
    let file = std::env::temp_dir().join(format!("waybill-document-{}.json", runtime::fresh()));
    std::fs::write(&file, document.to_string()).unwrap();
    let output = run(Command::new("node").arg(tools.program("openapi-typescript/bin/cli.js")).arg(&file));
    std::fs::remove_file(&file).unwrap();
    output
}

/// The compiler finds nothing wrong with the client and its example.
pub fn check(tools: &TypeScript, folder: &Path) {
    let copy = tools.folder.join("check");
    std::fs::create_dir_all(&copy).unwrap();
    for name in ["tsconfig.json", "waybill.ts", "example.ts", "portal-api.ts", "send-api.ts"] {
        std::fs::copy(folder.join(name), copy.join(name)).unwrap();
    }
    run(Command::new("node").arg(tools.program("typescript/bin/tsc")).arg("--noEmit").current_dir(&copy));
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (told, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {told}{complaints}");
    told.into_owned()
}
