//! The archive of EDRs, in a bucket of its own: what is on its way there, and the files that it consists of.
//!
//! | key | what |
//! |---|---|
//! | `staging/<minute>/<digest>.ndjson.gz` | versions of records that one delivery of a stream brought |
//! | `edr/agreement=<id>/day=<yyyy-mm-dd>/part-<number>.parquet` | an agreement's versions of one of its days |
//! | `upkeep.json` | how far old days have been masked, and where that goes on |
//!
//! A staging object is named by what is in it, so a delivery that comes again writes it again. What is in a
//! file is `functions/edr-archiver`'s business.

use std::fmt;
use std::io::{BufRead, BufReader, Write};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use domain::edr::Record;
use domain::id::AgreementId;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Page, StoreError};

const STAGING: &str = "staging/";
const PARTS: &str = "edr/agreement=";
const UPKEEP: &str = "upkeep.json";
const KIND: &str = "a staging object";
/// S3 takes so many keys in one deletion, and gives so many in one list.
const KEYS_AT_ONCE: usize = 1_000;
/// The fastest: most of it is the same again and again.
const COMPRESSION: Compression = Compression::fast();

/// Versions of records that go to the archive together. Packed as they come: those of a delivery of blocks
/// would take ten times as much.
pub struct Staging {
    lines: GzEncoder<Vec<u8>>,
    digest: Sha256,
    count: usize,
}

impl Default for Staging {
    fn default() -> Self {
        Self { lines: GzEncoder::new(Vec::new(), COMPRESSION), digest: Sha256::new(), count: 0 }
    }
}

impl Staging {
    pub fn add(&mut self, record: &Record) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(record).map_err(|error| StoreError::corrupt(KIND, error))?;
        line.push(b'\n');
        self.digest.update(&line);
        self.lines.write_all(&line).map_err(|error| StoreError::corrupt(KIND, error))?;
        self.count += 1;
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// One file of the archive. A day has several when one would be too long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub agreement: AgreementId,
    /// The agreement's own.
    pub day: Date,
    /// From 0.
    pub number: u32,
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PARTS}{}/day={}/part-{}.parquet", self.agreement, self.day, self.number)
    }
}

impl Part {
    /// Reads the key of a file. None if it is something else.
    pub fn parse(key: &str) -> Option<Self> {
        let mut folders = key.strip_prefix(PARTS)?.split('/');
        let agreement = AgreementId::parse(folders.next()?).ok()?;
        let day = folders.next()?.strip_prefix("day=")?.parse().ok()?;
        let number = folders.next()?.strip_prefix("part-")?.strip_suffix(".parquet")?.parse().ok()?;
        folders.next().is_none().then_some(Self { agreement, day, number })
    }
}

/// What one read of a file gave.
#[derive(Debug, Clone)]
pub struct Found {
    pub content: Bytes,
    /// Names this content among all that the file ever had.
    pub etag: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartWritten {
    Now,
    /// Somebody else has written the file since it was read: read it again.
    Overtaken,
}

/// How far the days that have grown old were masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Upkeep {
    /// The day on which all days that were old then had been dealt with.
    pub done_on: Option<Date>,
    /// Up to this day, inclusive, all files are masked.
    #[serde(default)]
    pub masked_till: Option<Date>,
    /// A walk that has not come to its end.
    #[serde(default)]
    pub walk: Option<Walk>,
}

/// A walk through the files of all agreements, which takes several runs where there are many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub begun_on: Date,
    /// It masks days up to this one.
    pub till: Option<Date>,
    /// Where it goes on: the agreement and its day. All before are dealt with.
    pub place: Option<(AgreementId, Option<Date>)>,
}

/// The bucket.
#[derive(Debug, Clone)]
pub struct Archive {
    s3: Client,
    bucket: String,
}

impl Archive {
    pub fn new(s3: Client, bucket: String) -> Self {
        Self { s3, bucket }
    }

    /// Keeps these versions until they are in their files, under the minute of `at`, which is to be the same
    /// whenever they come. One request; none if there are none.
    pub async fn stage(&self, staging: Staging, at: Timestamp) -> Result<(), StoreError> {
        if staging.is_empty() {
            return Ok(());
        }
        let digest = hex::encode(&staging.digest.finalize()[..16]);
        let key = format!("{STAGING}{}/{digest}.ndjson.gz", at.strftime("%Y%m%dT%H%M"));
        let content = staging.lines.finish().map_err(|error| StoreError::corrupt(KIND, error))?;
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(content));
        put.send().await.map_err(StoreError::aws("stage records for the archive"))?;
        Ok(())
    }

    /// The next staging objects behind this one, oldest first: a thousand, or all there are. One request.
    pub async fn staged(&self, after: Option<&str>) -> Result<Page<String>, StoreError> {
        let (items, _) = self.list(STAGING, after, None).await?;
        let next = items.last().filter(|_| items.len() == KEYS_AT_ONCE).cloned();
        Ok(Page { items, next })
    }

    /// What a staging object holds. None if it is gone: somebody else has put it into its files.
    pub async fn read_staged(&self, key: &str) -> Result<Option<Vec<Record>>, StoreError> {
        let Some(found) = self.get(key).await? else { return Ok(None) };
        let lines = BufReader::new(GzDecoder::new(&*found.content)).lines();
        let corrupt = |error: &dyn fmt::Display| StoreError::corrupt(KIND, format!("{key}: {error}"));
        let read = |line: std::io::Result<String>| {
            let line = line.map_err(|error| corrupt(&error))?;
            serde_json::from_str(&line).map_err(|error| corrupt(&error))
        };
        lines.map(read).collect::<Result<_, _>>().map(Some)
    }

    /// Forgets staging objects, or files. Those that are gone already are no error.
    pub async fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        const ACTION: &str = "delete objects of the archive";
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let named = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
            let named = named.collect::<Result<_, _>>().map_err(StoreError::aws(ACTION))?;
            let delete = Delete::builder().set_objects(Some(named)).quiet(true).build();
            let delete = delete.map_err(StoreError::aws(ACTION))?;
            let sent = self.s3.delete_objects().bucket(&self.bucket).delete(delete).send().await;
            let refused = sent.map_err(StoreError::aws(ACTION))?.errors.unwrap_or_default();
            if let Some(error) = refused.first() {
                return Err(StoreError::corrupt("a deletion", error.message().unwrap_or_default()));
            }
        }
        Ok(())
    }

    pub async fn part(&self, part: &Part) -> Result<Option<Found>, StoreError> {
        self.get(&part.to_string()).await
    }

    /// Writes a file in the place of what was read, which names it by its `etag`; none: of nothing.
    pub async fn write_part(
        &self,
        part: &Part,
        content: Vec<u8>,
        etag: Option<&str>,
    ) -> Result<PartWritten, StoreError> {
        let put = self.s3.put_object().bucket(&self.bucket).key(part.to_string());
        let put = put.content_type("application/vnd.apache.parquet").body(ByteStream::from(content));
        let put = match etag {
            Some(etag) => put.if_match(etag),
            None => put.if_none_match("*"),
        };
        match put.send().await {
            Ok(_) => Ok(PartWritten::Now),
            Err(error) if is_overtaken(&error) => Ok(PartWritten::Overtaken),
            Err(error) => Err(StoreError::aws("write a file of the archive")(error)),
        }
    }

    /// The agreements that have files.
    pub async fn archived_agreements(&self) -> Result<Vec<AgreementId>, StoreError> {
        let (_, folders) = self.list(PARTS, None, Some("/")).await?;
        let id = |folder: &String| AgreementId::parse(folder.strip_prefix(PARTS)?.trim_end_matches('/')).ok();
        Ok(folders.iter().filter_map(id).collect())
    }

    /// The files of an agreement's days up to this one, oldest first.
    pub async fn parts_till(&self, agreement: &AgreementId, till: Date) -> Result<Vec<Part>, StoreError> {
        let prefix = format!("{PARTS}{agreement}/day=");
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let (keys, _) = self.list(&prefix, after.as_deref(), None).await?;
            let is_last = keys.len() < KEYS_AT_ONCE;
            after = keys.last().cloned();
            let listed = parts.len() + keys.len();
            parts.extend(keys.iter().filter_map(|key| Part::parse(key)).filter(|part| part.day <= till));
            // Days come in order: what follows is younger still.
            if is_last || parts.len() < listed {
                return Ok(parts);
            }
        }
    }

    pub async fn upkeep(&self) -> Result<Upkeep, StoreError> {
        let Some(found) = self.get(UPKEEP).await? else { return Ok(Upkeep::default()) };
        serde_json::from_slice(&found.content).map_err(|error| StoreError::corrupt("an upkeep", error))
    }

    pub async fn put_upkeep(&self, upkeep: &Upkeep) -> Result<(), StoreError> {
        let content = serde_json::to_vec(upkeep).map_err(|error| StoreError::corrupt("an upkeep", error))?;
        let put = self.s3.put_object().bucket(&self.bucket).key(UPKEEP).body(ByteStream::from(content));
        put.send().await.map_err(StoreError::aws("note the upkeep of the archive"))?;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Found>, StoreError> {
        const ACTION: &str = "read an object of the archive";
        let found = match self.s3.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::aws(ACTION)(error)),
        };
        let etag = found.e_tag.unwrap_or_default();
        let content = found.body.collect().await.map_err(StoreError::aws(ACTION))?.into_bytes();
        Ok(Some(Found { content, etag }))
    }

    /// The keys behind `after`, at most a thousand; with a delimiter all folders instead.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        delimiter: Option<&str>,
    ) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let (mut keys, mut folders, mut token) = (Vec::new(), Vec::new(), None);
        loop {
            let list = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let list = list.set_start_after(after.map(str::to_owned));
            let list = list.set_delimiter(delimiter.map(str::to_owned)).set_continuation_token(token);
            let page = list.send().await.map_err(StoreError::aws("list the archive"))?;
            token = page.next_continuation_token.filter(|_| page.is_truncated == Some(true));
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
            let found = page.common_prefixes.unwrap_or_default();
            folders.extend(found.into_iter().filter_map(|folder| folder.prefix));
            if delimiter.is_none() || token.is_none() {
                return Ok((keys, folders));
            }
        }
    }
}

/// Whether a conditional put found something else than it expected; or met another put.
fn is_overtaken<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    matches!(code, Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_reads_back() {
        let day = "2026-11-22".parse().unwrap();
        let part = Part { agreement: AgreementId::new(7), day, number: 12 };
        assert_eq!(Part::parse(&part.to_string()), Some(part));
        assert_eq!(Part::parse("upkeep.json"), None);
    }
}
