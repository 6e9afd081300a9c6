//! Answers: a `<response>` of fields, some of which hold fields of their own, and a signature over all.

use super::sign::{SIGNATURE, signer};
use crate::fields::ReadError;
pub(super) use crate::xml::Element;

/// Reads an answer that `script` gave and signed with the secret. One that says `error` is an error
/// whether it is signed or not: FreedomPay does not sign for whom it does not know.
pub(super) fn read(body: &[u8], script: &str, secret: &str) -> Result<Element, ReadError> {
    let answer = parse(body)?;
    let status = answer.required("pg_status")?;
    if status != "ok" {
        let code = answer.get("pg_error_code").unwrap_or(status);
        let message = answer.get("pg_error_description").unwrap_or("no reason given");
        return Err(ReadError::Refused { message: format!("{code} {message}") });
    }
    let mut values = Vec::new();
    sign_values(&answer, &mut values);
    let signature = answer.get(SIGNATURE).unwrap_or_default();
    signer(signature, script, &values, &[secret]).ok_or(ReadError::NotAuthentic)?;
    Ok(answer)
}

fn parse(body: &[u8]) -> Result<Element, ReadError> {
    let answer = crate::xml::parse(body, "response")?;
    answer.check_names()?;
    Ok(answer)
}

/// All values as they are signed: in the order of names, those inside a field in its place.
fn sign_values<'a>(element: &'a Element, into: &mut Vec<&'a str>) {
    let mut sorted: Vec<&Element> = element.children.iter().collect();
    sorted.sort_by_key(|child| &child.name);
    for child in sorted.into_iter().filter(|child| child.name != SIGNATURE) {
        if child.children.is_empty() {
            into.push(&child.text);
        } else {
            sign_values(child, into);
        }
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        let show = |root: Element| {
            let mut values = Vec::new();
            sign_values(&root, &mut values);
            values.join(";")
        };
        expected.assert_eq(&parse(body.as_bytes()).map_or_else(|error| error.to_string(), show));
    }

    #[test]
    fn values_inside_a_field_are_signed_in_its_place() {
        check(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>\n <pg_status>ok</pg_status>\n \
             <pg_refunds>\n <pg_refund><pg_id>7</pg_id><pg_amount>-1</pg_amount></pg_refund>\n \
             <pg_refund><pg_id>8</pg_id><pg_amount>-2</pg_amount></pg_refund>\n </pg_refunds>\n \
             <pg_a>x &amp; y&#33;</pg_a><pg_b/><pg_sig>s</pg_sig></response>",
            expect!["x & y!;;-1;7;-2;8;ok"],
        );
    }

    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        check(
            "<response><a>1</a><a>2</a></response>",
            expect!["the answer cannot be read: a is there twice"],
        );
    }
}
