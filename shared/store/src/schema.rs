//! The tables as the tests create them in the embedded database. `tests/tidy` compares this with
//! `infra/template.yaml`, from which real deployments are made.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};

use crate::keys::{BY_PARENT, LISTED, PARENT, PK, SK};
use crate::{StoreError, Tables};

/// One table, by the last part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    /// Whether its changes are streamed with both images.
    pub streamed: bool,
    /// Whether it has the `by_parent` index.
    pub listed: bool,
}

pub const TABLES: [Table; 4] = [
    Table { name: "directory", streamed: false, listed: true },
    Table { name: "ledger", streamed: true, listed: false },
    Table { name: "messages", streamed: true, listed: false },
    Table { name: "records", streamed: false, listed: false },
];

impl Tables {
    /// The names that a stack gives its tables.
    pub fn of_stack(stack: &str) -> Self {
        let name = |table: &str| format!("{stack}-{table}");
        Self {
            directory: name("directory"),
            ledger: name("ledger"),
            messages: name("messages"),
            records: name("records"),
        }
    }
}

/// Creates all tables of a stack.
pub async fn create(client: &Client, stack: &str) -> Result<(), StoreError> {
    for table in TABLES {
        create_table(client, stack, table).await?;
    }
    Ok(())
}

async fn create_table(client: &Client, stack: &str, table: Table) -> Result<(), StoreError> {
    let failed = StoreError::aws::<BuildError>;
    let attributes: &[&str] = if table.listed { &[PK, SK, PARENT, LISTED] } else { &[PK, SK] };
    let definitions = attributes.iter().map(|name| {
        let text = ScalarAttributeType::S;
        AttributeDefinition::builder().attribute_name(*name).attribute_type(text).build()
    });
    let mut create = client
        .create_table()
        .table_name(format!("{stack}-{}", table.name))
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(PK, SK).map_err(failed("describe a key"))?))
        .set_attribute_definitions(Some(
            definitions.collect::<Result<_, _>>().map_err(failed("describe attributes"))?,
        ));
    if table.listed {
        let index = GlobalSecondaryIndex::builder()
            .index_name(BY_PARENT)
            .set_key_schema(Some(key_schema(PARENT, LISTED).map_err(failed("describe a key"))?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build();
        create = create.global_secondary_indexes(index.map_err(failed("describe an index"))?);
    }
    if table.streamed {
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build();
        create = create.stream_specification(stream.map_err(failed("describe a stream"))?);
    }
    create.send().await.map_err(StoreError::aws("create a table"))?;
    Ok(())
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(hash, KeyType::Hash)?, element(range, KeyType::Range)?])
}
