//! Portals: host names with their looks, and the settings and files that hang off them.

use http::Method;
use serde_json::{Value, json};
use tests::bucket::Bucket;

use crate::legal_entities::{entity, values, with};
use crate::lists::is_in_order_of_names;
use crate::platform::{Member, Platform, text};

const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
const PDF: &[u8] = b"%PDF-1.7";

fn portal(host: &str) -> Value {
    json!({"name": "Hornes", "host": host, "certificate": "automatic", "title": "HoHo",
        "languages": ["en", "de"], "login_texts": {"en": "Welcome"}, "support_email": "help@hornes.example",
        "links": [{"title": "Help", "url": "https://help.hornes.example"}]})
}

/// A platform with a bucket.
struct Studio {
    platform: Platform,
    _bucket: Bucket,
}

impl Studio {
    async fn new() -> Self {
        let bucket = Bucket::start().await.unwrap();
        let mut platform = Platform::new().await;
        platform.app.documents = bucket.links();
        Self { platform, _bucket: bucket }
    }

    /// The name of an uploaded file.
    async fn upload(&self, by: &Member, kind: &str, bytes: impl Into<Vec<u8>>) -> String {
        let upload = self.platform.made(by, "/v1/uploads", json!({ "kind": kind })).await;
        let bytes: Vec<u8> = bytes.into();
        let put = self.platform.app.http.put(text(&upload, "url")).body(bytes);
        assert!(put.send().await.unwrap().status().is_success());
        text(&upload, "file")
    }

    async fn read(&self, url: &str) -> Vec<u8> {
        self.platform.app.http.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
    }
}

#[tokio::test]
async fn a_page_learns_how_it_looks_from_its_host_name_alone() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let logo = studio.upload(owner, "svg", SVG).await;
    let terms = studio.upload(owner, "pdf", PDF).await;
    let body = with(portal("SMS.Hornes.example"), json!({"logo_wide_dark": logo, "terms": terms}));
    let made = platform.made(owner, "/v1/portals", body).await;
    assert_eq!((text(&made, "host"), text(&made, "status")), ("sms.hornes.example".into(), "draft".into()));
    assert_eq!(text(&made, "back_office_url"), "https://sms.hornes.example/bo");

    let host = [("host", "sms.hornes.example:443")];
    let looks = platform.ask("", Method::GET, "/v1/portal", &host, None).await.good();
    assert_eq!((text(&looks, "title"), &looks["login_texts"]), ("HoHo".into(), &json!({"en": "Welcome"})));
    assert_eq!(studio.read(&text(&looks["files"], "logo_wide_dark")).await, SVG);
    assert_eq!(studio.read(&text(&looks["files"], "terms")).await, PDF);
    assert_eq!(looks["self_registration"], json!(null));
    assert!(!looks.to_string().contains(&owner.company), "nobody needs to know whose it is");
    let named = platform.get("", "/v1/portal?host=sms.hornes.example").await.good();
    assert_eq!(text(&named, "title"), "HoHo");
    for unknown in ["other.example", "127.0.0.1", "%20"] {
        let path = format!("/v1/portal?host={unknown}");
        assert_eq!(platform.get("", &path).await.refusal(), "404 not_found", "{unknown}");
    }
}

#[tokio::test]
async fn a_file_is_looked_at_when_it_is_named() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let refused = async |more: Value| {
        let answer = platform.post(&owner.key, "/v1/portals", with(portal("a.example"), more)).await;
        (answer.refusal(), text(&answer.body, "field"))
    };
    let missing = platform.made(owner, "/v1/uploads", json!({"kind": "png"})).await;
    let no_picture = studio.upload(owner, "png", b"<html>").await;
    let document = studio.upload(owner, "pdf", PDF).await;
    let invalid = |field: &str| ("422 invalid".to_owned(), field.to_owned());
    let not_there = ("409 not_uploaded".to_owned(), "favicon".to_owned());
    assert_eq!(refused(json!({"favicon": missing["file"]})).await, not_there);
    assert_eq!(refused(json!({"favicon": no_picture})).await, invalid("favicon"));
    assert_eq!(refused(json!({"favicon": document})).await, invalid("favicon"));
    assert_eq!(refused(json!({"favicon": "../../secret"})).await, invalid("favicon"));
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let foreign = studio.upload(&reseller, "svg", SVG).await;
    assert_eq!(refused(json!({"favicon": foreign})).await.0, "409 not_uploaded", "of another company");
    let client = platform.member(owner, "Client", "client").await;
    // The pictures of its own sender IDs, and no others.
    platform.post(&client.key, "/v1/uploads", json!({"kind": "png"})).await.good();
    let others = json!({"kind": "png", "company": owner.company});
    assert_eq!(platform.post(&client.key, "/v1/uploads", others).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_host_name_is_checked_and_belongs_to_one_portal() {
    let mut platform = Platform::new().await;
    platform.app.public_base_url = "http://localhost:3000".into();
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let made = platform.made(&platform.owner, "/v1/portals", portal("localhost")).await;
    let theirs = platform.post(&reseller.key, "/v1/portals", portal("Localhost")).await;
    assert_eq!(theirs.refusal(), "422 invalid", "nobody but its owner looks like the platform");
    let again = platform.post(&platform.owner.key, "/v1/portals", portal("LOCALHOST.")).await;
    assert_eq!((again.refusal(), &again.body["field"]), ("409 taken".into(), &json!("host")));
    let path = format!("/v1/portals/{}", text(&made, "id"));
    let key = &platform.owner.key;
    let checked = platform.post(key, &format!("{path}/check"), json!({})).await.good();
    assert_eq!((text(&checked, "domain"), text(&checked, "status")), ("ready".into(), "active".into()));
    let renamed = platform.patch(key, &path, json!({"host": "nowhere.invalid"})).await.good();
    assert_eq!((text(&renamed, "domain"), text(&renamed, "status")), ("unchecked".into(), "draft".into()));
    let checked = platform.post(key, &format!("{path}/check"), json!({})).await.good();
    assert_eq!((text(&checked, "domain"), text(&checked, "status")), ("unknown".into(), "error".into()));
    platform.made(&platform.owner, "/v1/portals", portal("localhost")).await;
    let client = platform.member(&reseller, "Client", "client").await;
    let body = with(portal("c.example"), json!({"company": client.company}));
    assert_eq!(platform.post(key, "/v1/portals", body).await.body["field"], "company");
}

#[tokio::test]
async fn a_tenant_makes_the_portals_of_its_resellers_and_lists_them_with_its_own() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let body = with(portal("b.example"), json!({"company": reseller.company, "name": "Theirs"}));
    let theirs = platform.made(owner, "/v1/portals", body).await;
    let ours = platform.made(owner, "/v1/portals", portal("a.example")).await;
    let list = platform.get(&owner.key, "/v1/portals?sort=host").await.good();
    assert_eq!(values(&list, "host"), ["a.example", "b.example"]);
    let made_at = text(&ours, "created_at");
    for (query, expected) in [
        ("created_from", "a.example"),
        ("created_till", "b.example"),
        ("updated_from", "a.example"),
        ("updated_till", "b.example"),
    ] {
        let found = platform.get(&owner.key, &format!("/v1/portals?{query}={made_at}")).await.good();
        assert_eq!(values(&found, "host"), [expected], "{query}");
    }
    let hand = format!("/v1/portals?created_by={}&sort=-updated_by", text(&ours, "created_by"));
    assert_eq!(values(&platform.get(&owner.key, &hand).await.good(), "host").len(), 2);
    assert_eq!(values(&platform.get(&reseller.key, "/v1/portals").await.good(), "name"), ["Theirs"]);
    let found = platform.get(&owner.key, "/v1/portals?host=B.&status=draft").await.good();
    assert_eq!(values(&found, "name"), ["Theirs"]);
    let body = with(entity("R"), json!({"company": reseller.company, "portal": theirs["id"]}));
    let named = platform.made(owner, "/v1/legal_entities", body).await;
    let path = format!("/v1/portals/{}", text(&theirs, "id"));
    assert_eq!(platform.remove(&reseller, &path).await.refusal(), "409 in_use");
    let entity_path = format!("/v1/legal_entities/{}", text(&named, "id"));
    platform.patch(&owner.key, &entity_path, json!({"portal": null})).await.good();
    assert_eq!(platform.remove(&reseller, &path).await.status, 204);
    let body = with(entity("O"), json!({"portal": theirs["id"]}));
    assert_eq!(platform.post(&owner.key, "/v1/legal_entities", body).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn companies_are_listed_with_the_portal_at_which_their_people_log_in() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let door = platform.made(owner, "/v1/portals", portal("a.example")).await;
    let sells = with(entity("Owner"), json!({"portal": door["id"]}));
    let sells = platform.made(owner, "/v1/own_legal_entities", sells).await;
    let client = json!({"name": "Client", "kind": "client", "own_legal_entity": sells["id"]});
    let client = platform.made(owner, "/v1/companies", client).await;
    for (name, kind) in [("Reseller", "reseller"), ("Seller", "seller")] {
        platform.made(owner, "/v1/companies", json!({"name": name, "kind": kind})).await;
    }
    let list = async |query: &str| platform.get(&owner.key, &format!("/v1/companies?{query}")).await.good();
    let found = list(&format!("portal={}", text(&door, "id"))).await;
    assert_eq!(
        (values(&found, "name"), values(&found, "portal")),
        (vec!["Client".into()], vec![text(&door, "id")])
    );
    assert_eq!(values(&list("is_reseller=true&sort=name").await, "name"), ["Reseller", "Seller"]);
    assert_eq!(values(&list("is_reseller=false").await, "name"), ["Client"]);
    for sort in ["sort=is_reseller&limit=1", "sort=-portal&limit=1"] {
        assert_eq!(values(&list(sort).await, "name"), ["Client"], "{sort}");
    }
    let path = "/v1/companies?sort=-is_reseller";
    let file = platform.ask(&owner.key, Method::GET, path, &[("accept", "text/csv")], None).await.good();
    let lines: Vec<Vec<_>> = file.as_str().unwrap().lines().map(|line| line.split(',').collect()).collect();
    let place = lines[0].iter().position(|column| *column == "is_reseller").unwrap();
    let told: Vec<_> = lines[1..].iter().map(|line| line[place]).collect();
    assert_eq!(told, ["true", "true", "false"], "{file}");
    let path = format!("/v1/companies/{}", text(&client, "id"));
    let renamed = platform.patch(&owner.key, &path, json!({"name": "Zulu"})).await.good();
    let at = text(&renamed, "updated_at");
    assert_eq!(values(&list(&format!("updated_from={at}")).await, "name"), ["Zulu"]);
    let before = list(&format!("updated_till={at}&sort=name")).await;
    assert_eq!(values(&before, "name"), ["Reseller", "Seller"]);
}

#[tokio::test]
async fn lists_by_seller_bank_or_portal_are_in_the_order_of_names_and_tell_these() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let made = async |list: &str, body: Value| platform.made(owner, &format!("/v1/{list}"), body).await;
    let samples = platform.get(&owner.key, "/v1/printable_form_samples").await.good();
    let form = studio.upload(owner, "xml", text(&samples, "invoice")).await;
    let channel = json!({"name": "Office", "from_email": "a@owner.example", "host": "smtp.owner.example",
        "port": 25});
    // Without a legal entity, as the first has to be.
    made("notification_channels", channel.clone()).await;
    for name in ["Zulu", "alpha"] {
        let door = with(portal(&format!("{name}.example")), json!({ "name": name }));
        let door = made("portals", door).await["id"].clone();
        let at_door = with(entity(name), json!({ "portal": door }));
        let buyer = made("legal_entities", at_door.clone()).await["id"].clone();
        let seller = made("own_legal_entities", at_door).await["id"].clone();
        let sold = json!({"name": format!("Of {name}"), "kind": "client", "own_legal_entity": seller});
        made("companies", sold).await;
        let bank = json!({"name": name, "country": "AT", "address": "Ring 1", "branch_code": "1"});
        let bank = made("banks", bank).await["id"].clone();
        let account = json!({"name": "VIP", "bank": bank, "holder": "Owner", "number": "1"});
        made("bank_accounts", with(account.clone(), json!({ "legal_entity": buyer }))).await;
        let account = made("own_bank_accounts", with(account, json!({ "own_legal_entity": seller }))).await;
        let settings = json!({"own_legal_entity": seller, "portal": door, "own_bank_account": account["id"],
            "report_email": "sales@hornes.example", "roles": ["portal_admin"], "agreement": {
                "code_prefix": "WEB-", "currency": "EUR", "credit_limit": "0", "billing":
                {"time_zone": "Europe/Zagreb", "period": "monthly", "billing_day": 1, "days_for_payment": 30}}});
        made("self_registrations", settings).await;
        let form = json!({"kind": "invoice", "name": "Ours", "date_from": "2020-01-01", "file": form,
            "own_legal_entity": seller});
        made("printable_forms", form).await;
        made("notification_channels", with(channel.clone(), json!({ "legal_entity": seller }))).await;
        let words = json!({"name": "Ours", "event": "user_invitation", "subject": "Welcome",
            "text": "Come: {{invitation_link}}", "legal_entity": seller});
        made("notification_templates", words).await;
    }
    for (list, column, named) in [
        ("companies", "own_legal_entity", "own_legal_entity_name"),
        ("companies", "portal", "portal_name"),
        ("legal_entities", "portal", "portal_name"),
        ("own_legal_entities", "portal", "portal_name"),
        ("bank_accounts", "bank", "bank_name"),
        ("own_bank_accounts", "bank", "bank_name"),
        ("own_bank_accounts", "own_legal_entity", "own_legal_entity_name"),
        ("printable_forms", "own_legal_entity", "own_legal_entity_name"),
        ("self_registrations", "own_legal_entity", "own_legal_entity_name"),
        ("self_registrations", "portal", "portal_name"),
        ("notification_channels", "legal_entity", "legal_entity_name"),
        ("notification_templates", "legal_entity", "legal_entity_name"),
    ] {
        is_in_order_of_names(platform, &format!("/v1/{list}?"), column, named).await;
    }
}

/// What the settings of a registration name.
async fn shop(studio: &Studio) -> Value {
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let sells = platform.made(owner, "/v1/own_legal_entities", entity("Owner")).await;
    let place = platform.made(owner, "/v1/portals", portal("sms.hornes.example")).await;
    let bank = json!({"name": "Vienna", "country": "AT", "address": "Ring 1", "branch_code": "1"});
    let bank = platform.made(owner, "/v1/banks", bank).await;
    let account = json!({"name": "VIP", "own_legal_entity": sells["id"], "bank": bank["id"],
        "holder": "Owner", "number": "1"});
    let account = platform.made(owner, "/v1/own_bank_accounts", account).await;
    let tree = json!({"sms_message": {"price": {"type": "flat", "amount": "0.01"}}});
    let service = json!({"name": "SMS", "currency": "EUR", "tree": tree});
    let service = platform.made(owner, "/v1/services", service).await;
    let terms = studio.upload(owner, "pdf", PDF).await;
    json!({"own_legal_entity": sells["id"], "portal": place["id"], "own_bank_account": account["id"],
        "enabled": true, "terms": terms, "report_email": "sales@hornes.example", "moderation": true,
        "agreement": {"code_prefix": "WEB-", "currency": "EUR", "credit_limit": "0", "billing":
            {"time_zone": "Europe/Zagreb", "period": "monthly", "billing_day": 1, "days_for_payment": 30}},
        "services": [service["id"]], "roles": ["portal_admin"]})
}

#[tokio::test]
async fn whoever_registers_gets_services_that_may_be_enabled_beside_each_other() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let mut settings = shop(&studio).await;
    let tree = json!({"sms_message": {"price": {"type": "flat", "amount": "0.02"}}});
    let more = json!({"name": "More SMS", "currency": "EUR", "tree": tree});
    let more = platform.made(owner, "/v1/services", more).await;
    let sms = settings["services"][0].clone();
    settings["services"] = json!([sms, more["id"]]);
    let refused = platform.post(&owner.key, "/v1/self_registrations", settings.clone()).await;
    assert_eq!(
        (refused.refusal(), &refused.body["field"]),
        ("409 service_overlaps".into(), &json!("services"))
    );
    let told = text(&refused.body, "detail");
    assert!(told.contains("`SMS` and `More SMS`"), "{told}");

    // Where prices came to be in both, the settings are changed all the same, but get no third one.
    let viber = json!({"name": "Viber", "currency": "EUR", "tree": {"viber_message": tree["sms_message"]}});
    let viber = text(&platform.made(owner, "/v1/services", viber).await, "id");
    settings["services"] = json!([sms, viber]);
    let made = platform.made(owner, "/v1/self_registrations", settings).await;
    let path = format!("/v1/services/{viber}/tree");
    platform.ask(&owner.key, Method::PUT, &path, &[], Some(json!({"tree": tree}))).await.good();
    let path = format!("/v1/self_registrations/{}", text(&made, "id"));
    let off = platform.patch(&owner.key, &path, json!({"enabled": false})).await.good();
    assert_eq!(off["services"], json!([sms, viber]));
    let third = json!({"services": [sms, viber, more["id"]]});
    assert_eq!(platform.patch(&owner.key, &path, third).await.refusal(), "409 service_overlaps");
}

#[tokio::test]
async fn a_portal_says_how_one_registers_there() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let settings = shop(&studio).await;
    let made = platform.made(owner, "/v1/self_registrations", settings.clone()).await;
    let path = format!("/v1/self_registrations/{}", text(&made, "id"));
    assert_eq!(text(&made["agreement"], "code_prefix"), "WEB-");
    let again = platform.post(&owner.key, "/v1/self_registrations", settings).await;
    assert_eq!((again.refusal(), &again.body["field"]), ("409 taken".into(), &json!("portal")));
    let looks = platform.get("", "/v1/portal?host=sms.hornes.example").await.good();
    let registration = &looks["self_registration"];
    assert_eq!(
        (text(registration, "currency"), &registration["phone_verification"]),
        ("EUR".into(), &json!(false))
    );
    assert_eq!(studio.read(&text(registration, "terms_url")).await, PDF);
    platform.patch(&owner.key, &path, json!({"enabled": false})).await.good();
    let looks = platform.get("", "/v1/portal?host=sms.hornes.example").await.good();
    assert_eq!(looks["self_registration"], json!(null));
    let list = platform.get(&owner.key, "/v1/self_registrations?enabled=false&currency=eur").await.good();
    assert_eq!(values(&list, "id"), [text(&made, "id")]);
    for named in ["own_legal_entity", "portal", "own_bank_account"] {
        let nouns =
            if named == "own_legal_entity" { "own_legal_entities".into() } else { format!("{named}s") };
        let path = format!("/v1/{nouns}/{}", text(&made, named));
        assert_eq!(platform.remove(owner, &path).await.refusal(), "409 in_use", "{named}");
    }
    assert_eq!(platform.remove(owner, &path).await.status, 204);
}

#[tokio::test]
async fn a_registration_names_what_is_there_and_fits() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let settings = shop(&studio).await;
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let foreign =
        platform.made(owner, "/v1/portals", with(portal("r.example"), json!({"company": reseller.company})));
    let foreign = foreign.await;
    let credit = with(settings["agreement"].clone(), json!({"currency": "CREDIT"}));
    let bad_day = with(settings["agreement"].clone(), json!({"code_prefix": "a b"}));
    for (more, field) in [
        (json!({"portal": foreign["id"]}), "portal"),
        (json!({"roles": ["admin"]}), "roles"),
        (json!({"roles": ["nobody"]}), "roles"),
        (json!({"packs": settings["services"]}), "packs"),
        (json!({"agreement": credit}), "services"),
        (json!({"agreement": bad_day}), "agreement"),
        (json!({"report_email": "nobody"}), "report_email"),
        (json!({"phone_verification": "tfi_x"}), "phone_verification"),
    ] {
        let body = with(settings.clone(), more);
        let refused = platform.post(&owner.key, "/v1/self_registrations", body).await;
        assert!(refused.status.is_client_error());
        assert_eq!(text(&refused.body, "field"), field, "{}", refused.body);
    }
}

#[tokio::test]
async fn who_registers_gets_an_agreement_under_one_that_the_seller_resells_under() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let sells = platform.made(&reseller, "/v1/own_legal_entities", entity("Reseller")).await;
    let place = platform.made(&reseller, "/v1/portals", portal("r.example")).await;
    let bank = json!({"name": "Vienna", "country": "AT", "address": "Ring 1", "branch_code": "1"});
    let bank = platform.made(&reseller, "/v1/banks", bank).await;
    let account = json!({"name": "VIP", "own_legal_entity": sells["id"], "bank": bank["id"],
        "holder": "Reseller", "number": "1"});
    let account = platform.made(&reseller, "/v1/own_bank_accounts", account).await;
    let body = with(entity("Cats"), json!({"company": reseller.company}));
    let cats = platform.made(&platform.owner, "/v1/legal_entities", body).await;
    let tie = json!({"agreement": reseller.agreement, "effective_from": "2026-01-01T00:00:00Z",
        "effective_till": "2026-02-01T00:00:00Z"});
    let path = format!("/v1/legal_entities/{}/reselling_agreements", text(&cats, "id"));
    let tie = platform.made(&platform.owner, &path, tie).await;
    let settings = json!({"own_legal_entity": sells["id"], "portal": place["id"],
        "own_bank_account": account["id"], "report_email": "sales@hornes.example",
        "agreement": {"code_prefix": "WEB-", "currency": "CREDIT", "credit_limit": "0",
            "resold_under": reseller.agreement, "billing":
            {"time_zone": "Europe/Zagreb", "period": "monthly", "billing_day": 1, "days_for_payment": 30}},
        "services": [], "roles": ["portal_admin"]});
    let refused = platform.post(&reseller.key, "/v1/self_registrations", settings.clone()).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("agreement")));
    let tie = format!("/v1/reselling_agreements/{}", text(&tie, "id"));
    platform.patch(&platform.owner.key, &tie, json!({"effective_till": null})).await.good();
    let made = platform.made(&reseller, "/v1/self_registrations", settings).await;
    // What is named already stays, so that one can stop registering.
    platform.patch(&platform.owner.key, &tie, json!({"effective_till": "2026-02-01T00:00:00Z"})).await.good();
    let path = format!("/v1/self_registrations/{}", text(&made, "id"));
    platform.patch(&reseller.key, &path, json!({"enabled": false})).await.good();
}

#[tokio::test]
async fn settings_of_a_registration_hand_out_no_right_that_who_edits_them_has_not() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let settings = shop(&studio).await;
    let scopes = json!({"self_registration": "manage", "own_legal_entities": "view", "portals": "view",
        "own_bank_accounts": "view", "services": "view", "portal_messages": "manage"});
    let key = json!({"name": "Forms", "scopes": scopes});
    let key = text(&platform.made(owner, "/v1/api_keys", key).await, "secret");
    let refused = platform.post(&key, "/v1/self_registrations", settings.clone()).await;
    assert_eq!(
        (refused.refusal().as_str(), text(&refused.body, "field")),
        ("403 not_allowed", "roles".into())
    );
    let role =
        |level: &str| json!({"name": level, "face": "client_portal", "grants": {"portal_messages": level}});
    let role = text(&platform.made(owner, "/v1/roles", role("manage")).await, "id");
    let body = with(settings, json!({"roles": [role]}));
    let made = platform.post(&key, "/v1/self_registrations", body).await.good();
    let path = format!("/v1/self_registrations/{}", text(&made, "id"));
    let wider = json!({"roles": [role, "portal_admin"]});
    assert_eq!(platform.patch(&key, &path, wider.clone()).await.refusal(), "403 not_allowed");
    platform.patch(&owner.key, &path, wider).await.good();
    // What others have named stays.
    platform.patch(&key, &path, json!({"enabled": false})).await.good();
}

const SHEET: &[u8] = b"<details><column value=\"sender\" title=\"From\"/></details>";

#[tokio::test]
async fn a_printable_form_that_can_make_no_document_is_refused_with_its_line() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    for (kind, file, detail) in [
        ("invoice", SHEET, "line 1: <details>: a template is one <document>"),
        (
            "charge",
            b"<details>\n<column value='size'/></details>",
            "line 2: <column>: there is no value size",
        ),
        ("invoice", b"<document>\n<text>{{ payer.nmae }}</text></document>", "line 2: undefined value"),
        ("receipt", b"<document>\n\n<tabel/></document>", "line 3: <tabel>: there is no such element"),
    ] {
        let file = studio.upload(owner, "xml", file).await;
        let form = json!({"kind": kind, "name": "Mine", "date_from": "2026-01-01", "file": file});
        let refused = platform.post(&owner.key, "/v1/printable_forms", form).await;
        assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("file")));
        assert!(text(&refused.body, "detail").starts_with(detail), "{}", refused.body);
    }
}

#[tokio::test]
async fn the_products_own_forms_are_good_ones_to_begin_with() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let samples = platform.get(&owner.key, "/v1/printable_form_samples").await.good();
    for kind in ["invoice", "receipt", "charge"] {
        let file = studio.upload(owner, "xml", text(&samples, kind)).await;
        let form = json!({"kind": kind, "name": kind, "date_from": "2026-01-01", "file": file});
        platform.made(owner, "/v1/printable_forms", form).await;
    }
}

#[tokio::test]
async fn a_printable_form_is_an_uploaded_file_with_its_place_and_day() {
    let studio = Studio::new().await;
    let (platform, owner) = (&studio.platform, &studio.platform.owner);
    let sells = platform.made(owner, "/v1/own_legal_entities", entity("Owner")).await;
    let sheet = studio.upload(owner, "xml", SHEET).await;
    let form = json!({"kind": "charge", "name": "SMS charges", "own_legal_entity": sells["id"],
        "resource": "sms_message", "date_from": "2026-01-01", "file": sheet});
    let made = platform.made(owner, "/v1/printable_forms", form).await;
    let path = format!("/v1/printable_forms/{}", text(&made, "id"));
    let file = platform.get(&owner.key, &format!("{path}/file")).await.good();
    assert_eq!(studio.read(&text(&file, "url")).await, SHEET);
    let list = "/v1/printable_forms?kind=charge&resource=sms_message&date_from=2026-01-01&sort=name";
    assert_eq!(values(&platform.get(&owner.key, list).await.good(), "name"), ["SMS charges"]);
    let changed = platform.patch(&owner.key, &path, json!({"comment": "New", "resource": null})).await.good();
    assert_eq!((text(&changed, "comment"), &changed["resource"]), ("New".into(), &json!(null)));
    let entity = format!("/v1/own_legal_entities/{}", text(&sells, "id"));
    assert_eq!(platform.remove(owner, &entity).await.refusal(), "409 in_use");
    assert_eq!(platform.remove(owner, &path).await.status, 204);
    assert_eq!(platform.remove(owner, &entity).await.status, 204);
}
