//! Names that the code and `infra/template.yaml` both write.

use std::collections::BTreeSet;

use store::keys::{BY_PARENT, EXPIRES_AT, LISTED, PARENT, PK, SK};
use store::schema::TABLES;

use crate::{files, read};

/// The template's text of one resource: from its name to the next resource.
fn resource<'a>(template: &'a str, name: &str) -> &'a str {
    let start = template.find(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no resource {name}"));
    let text = &template[start + 1..];
    let end = text[1..].match_indices("\n  ").find(|(at, _)| !text[at + 4..].starts_with([' ', '#']));
    end.map_or(text, |(at, _)| &text[..at + 1])
}

#[test]
fn the_tables_of_the_tests_are_those_of_the_template() {
    let template = read("infra/template.yaml");
    for table in TABLES {
        let name = format!("{}{}Table", table.name[..1].to_uppercase(), &table.name[1..]);
        let text = resource(&template, &name);
        assert!(
            text.contains(&format!("TableName: !Sub ${{AWS::StackName}}-{}\n", table.name)),
            "{name}: its name"
        );
        for (key, kind) in [(PK, "HASH"), (SK, "RANGE")] {
            assert!(
                text.contains(&format!("{{ AttributeName: {key}, KeyType: {kind} }}")),
                "{name}: key {key}"
            );
        }
        assert_eq!(text.contains("StreamViewType: NEW_AND_OLD_IMAGES"), table.streamed, "{name}: its stream");
        assert_eq!(text.contains(&format!("IndexName: {BY_PARENT}")), table.listed, "{name}: its index");
        if table.listed {
            assert!(text.contains(&format!("{{ AttributeName: {PARENT}, KeyType: HASH }}")));
            assert!(text.contains(&format!("{{ AttributeName: {LISTED}, KeyType: RANGE }}")));
        }
    }
    assert!(resource(&template, "MessagesTable").contains(&format!("AttributeName: {EXPIRES_AT}")));
    let tables = template.matches("Type: AWS::DynamoDB::Table").count();
    assert_eq!(tables, TABLES.len(), "every table of the template is known to the code");
}

#[test]
fn every_setting_that_the_code_reads_is_set_by_the_template() {
    let template = read("infra/template.yaml");
    let sources = files("functions").into_iter().chain(files("shared")).filter(|path| path.ends_with(".rs"));
    let mut names = BTreeSet::new();
    for path in sources {
        let text = read(&path);
        for call in ["setting(\"", "queue(\""] {
            names
                .extend(text.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    names.retain(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    assert!(names.contains("DIRECTORY_TABLE") && names.contains("PROGRESS_QUEUE_URL"), "{names:?}");
    for name in names {
        // Of the functions, or of the gateway alone.
        let is_set = [format!("        {name}: "), format!("- Name: {name}\n")];
        assert!(is_set.iter().any(|line| template.contains(line)), "{name} is not in the template");
    }
}

/// A write that is refused is told from one that was stored before by reading the item.
#[test]
fn whoever_may_write_a_table_may_read_it() {
    let template = read("infra/template.yaml");
    let mut writers = 0;
    for role in template.split("- PolicyName: ").skip(1) {
        let name = role.lines().next().unwrap_or_default();
        let (mut read, mut written) = (BTreeSet::new(), BTreeSet::new());
        // What follows the last statement has no action of a table.
        for statement in role.split("- Sid: ").skip(1) {
            let may = |actions: &[&str]| actions.iter().any(|action| statement.contains(action));
            let tables = statement.split("!GetAtt ").skip(1).filter_map(|rest| {
                let (table, _) = rest.split_once(".Arn")?;
                table.ends_with("Table").then_some(table)
            });
            if may(&["dynamodb:GetItem", "dynamodb:BatchGetItem"]) {
                read.extend(tables.clone());
            }
            if may(&[
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:BatchWriteItem",
            ]) {
                written.extend(tables);
            }
        }
        let unread: Vec<_> = written.difference(&read).collect();
        assert!(unread.is_empty(), "{name} may write and not read {unread:?}");
        writers += usize::from(!written.is_empty());
    }
    assert!(8 <= writers, "only {writers} functions write");
}

#[test]
fn every_function_is_deployed_under_its_own_name() {
    let template = read("infra/template.yaml");
    let folders: BTreeSet<_> =
        files("functions").iter().filter_map(|path| path.split('/').nth(1).map(str::to_owned)).collect();
    for name in folders {
        let deployed = template.contains(&format!("FunctionName: !Sub ${{AWS::StackName}}-{name}\n"));
        let service = name == "smpp-gateway" && template.contains("AWS::ECS::Service");
        assert!(deployed || service, "{name} is not in the template");
    }
}
