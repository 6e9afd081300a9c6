//! Others read the files: DuckDB sees the columns as `file.rs` documents them, and adds up the same sums.

use std::fs;

use edr_archiver::handle;
use serde_json::{Value, json};
use tests::embedded_s3::ARCHIVE;
use tests::peers::{DuckDb, required};
use tests::world::{NOW, connection};

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duckdb_reads_the_columns_and_the_sums() {
    let Some(duckdb) = required(tokio::task::block_in_place(DuckDb::find)) else { return };
    let scene = Scene::new().await;
    scene.story().await;
    scene.project().await;
    handle(&scene.archiver(), NOW).await.expect("archived");
    let folder = std::env::temp_dir().join(format!("waybill-archive-{}", runtime::fresh()));
    for (key, content) in scene.files() {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    let output = duckdb.command("read.py", &folder).output().expect("it runs");
    fs::remove_dir_all(&folder).expect("it goes");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let columns = &found["columns"];
    for (column, kind) in [
        ("id", "VARCHAR"),
        ("revision", "INTEGER"),
        ("amount", "DECIMAL(38,6)"),
        ("unit_price", "DECIMAL(38,6)"),
        ("quantity", "BIGINT"),
        ("accepted_at", "TIMESTAMP WITH TIME ZONE"),
        ("period_first", "DATE"),
        ("recipient", "VARCHAR"),
        ("company_path", "VARCHAR"),
        ("tier", "INTEGER"),
        ("quantity_rule", "VARCHAR"),
    ] {
        assert_eq!(columns[column], kind, "{column}");
    }
    assert_eq!(
        columns.as_object().map(serde_json::Map::len),
        Some(edr_archiver::file::SCHEMA.fields().len() + 2)
    );
    // Seven messages at each level; the client's fee. Agreement and day come out of the path.
    let sums = |agreement: &str, rows: u32, records: u32, amount: &str| {
        json!([agreement, "2026-01-01", "EUR", rows, records, amount])
    };
    let mut expected = vec![
        sums(scene.client.agreement.id.as_str(), 15, 8, "3.850000"),
        sums(scene.reseller.agreement.id.as_str(), 14, 7, "0.210000"),
    ];
    expected.sort_by_key(|row| row[0].as_str().map(str::to_owned));
    assert_eq!(found["sums"], Value::Array(expected));
    let path = scene.client.company.path.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
    let message = |level: u32| {
        json!([
            level,
            "sms",
            "outgoing",
            path,
            "262",
            "01",
            "flat",
            null,
            null,
            connection(),
            "the vendor",
            "[\"r\"]",
            true,
            true,
            "segments"
        ])
    };
    let fee =
        json!([1, null, null, path, null, null, null, null, null, null, null, null, false, false, null]);
    assert_eq!(found["last"], json!([message(1), message(2), fee]));
    assert!(!scene.s3.keys(ARCHIVE, "edr/").is_empty());
}
