//! Files of imports in S3, over signed addresses: so the function needs no S3 client, and big files do not
//! pass through it.

use std::time::Duration;

use domain::import::record::Import;
use domain::import::table::FILE_BYTES_MAX;
use jiff::Timestamp;
use runtime::http::{Problem, unavailable};

use crate::App;
use crate::error::ApiError;
use crate::files::{OWN_USE_VALID_FOR, after};

/// Time to choose a file and send it over a slow line.
const UPLOAD_VALID_FOR: Duration = Duration::from_secs(60 * 60);

/// As `infra/template.yaml` says it too, which lets the function write there and forgets the files later.
fn key(import: &Import) -> String {
    format!("imports/{}/{}", import.company, import.id)
}

/// Where the file of an import is to be put, and until when.
pub async fn upload_address(
    app: &App,
    import: &Import,
    now: Timestamp,
) -> Result<(String, Timestamp), ApiError> {
    let url = app.documents.address("PUT", &key(import), UPLOAD_VALID_FOR, now).await?;
    Ok((url, after(now, UPLOAD_VALID_FOR)))
}

/// The file of an import.
pub async fn read(app: &App, import: &Import) -> Result<Vec<u8>, ApiError> {
    let url = app.documents.address("GET", &key(import), OWN_USE_VALID_FOR, runtime::now()).await?;
    let mut answer = app.http.get(url).send().await.map_err(unavailable)?;
    // Without the right to list a bucket, S3 answers 403 for what is not there.
    if matches!(answer.status().as_u16(), 403 | 404) {
        let detail = "The file is not there yet: put it to the address that the import came with.";
        return Err(Problem::new(409, "not_uploaded", detail).into());
    }
    answer = answer.error_for_status().map_err(unavailable)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FILE_BYTES_MAX {
            let detail = format!("A file has at most {} MB.", FILE_BYTES_MAX / 1_000_000);
            return Err(Problem::new(422, "unreadable_file", detail).into());
        }
    }
    Ok(bytes)
}
