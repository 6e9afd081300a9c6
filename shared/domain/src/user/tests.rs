//! Who can be a user, and who can make somebody one.

use super::*;
use crate::company::{NewCompany, plan_company, plan_owner};
use crate::id::RoleId;
use crate::permission::Level;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn company(kind: CompanyKind) -> Company {
    let owner = plan_owner(CompanyId::new(0), "Owner", NOW).unwrap();
    let ask = NewCompany { id: CompanyId::new(1), name: "A".into(), kind, direct_sending: false };
    plan_company(&owner, ask, NOW).unwrap()
}

fn plan(name: &str, email: &str) -> Result<User, UserError> {
    plan_user(&company(CompanyKind::Client), NewUser::named(UserId::new(1), name, email), NOW)
}

fn system(role: SystemRole) -> UserRole {
    UserRole::System(role)
}

#[test]
fn a_user_has_a_name_and_an_address() {
    let user = plan(" Ada  King Lovelace ", " ada@example.com ").unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str()), ("Ada King Lovelace", "ada@example.com"));
    assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("Ada", "King Lovelace"));
    for name in ["", "  ", "a\nb", &"x".repeat(61)] {
        assert_eq!(plan(name, "ada@example.com"), Err(UserError::Name), "{name:?}");
    }
}

#[test]
fn an_address_has_a_name_and_a_host_with_a_dot() {
    for good in ["a@b.de", "first.last+tag@mail.example.co.uk", "o'neil@example.com", "x_1@a-b.org"] {
        assert_eq!(parse_email(good).as_deref(), Ok(good));
    }
    let long = format!("{}@example.com", "x".repeat(250));
    for bad in [
        "",
        "a",
        "@b.de",
        "a@",
        "a@b",
        "a b@c.de",
        "a@b..de",
        "a@-b.de",
        "a@b.de.",
        "a@@b.de",
        ".a@b.de",
        "a..b@c.de",
        "a@b.de, c@d.de",
        "<a@b.de>",
        "a@b.de\r\nBcc: c@d.de",
        &long,
    ] {
        assert_eq!(parse_email(bad), Err(EmailError), "{bad:?}");
    }
}

#[test]
fn a_login_has_latin_letters_digits_dots_and_underscores() {
    assert_eq!(parse_login(" Ada.L_1 ").as_deref(), Ok("Ada.L_1"));
    for bad in ["", "ada lovelace", "ada-l", "ädä", &"x".repeat(31)] {
        assert_eq!(parse_login(bad), Err(UserError::Login), "{bad:?}");
    }
    assert_eq!(login_name("Ada"), login_name("ada"));
}

#[test]
fn a_master_is_who_has_the_admin_role_of_the_companys_face() {
    for (kind, role, expected) in [
        (CompanyKind::Client, SystemRole::PortalAdmin, true),
        (CompanyKind::Client, SystemRole::PortalFinanceManager, false),
        (CompanyKind::Reseller, SystemRole::Admin, true),
        (CompanyKind::Reseller, SystemRole::PortalAdmin, false),
    ] {
        let company = company(kind);
        let named = NewUser::named(UserId::new(1), "Ada", "ada@example.com");
        let user = plan_user(&company, NewUser { roles: vec![system(role)], ..named }, NOW).unwrap();
        assert_eq!(user.master, expected, "{kind:?} {role:?}");
        let without = UserChange { roles: Some(Vec::new()), ..UserChange::default() };
        assert!(!plan_change(&user, kind, without).unwrap().master);
    }
}

#[test]
fn people_of_a_client_have_roles_of_the_client_portal_only() {
    let client = company(CompanyKind::Client);
    let own = Grants::everything();
    let granting = Granting { by: &client.path[0], own: &own, to: &client, known: &[] };
    let refused = granting.check(&[system(SystemRole::Admin)], &[]);
    assert_eq!(refused, Err(UserError::NoSuchRole("admin".into())));
    let admin = [system(SystemRole::PortalAdmin), system(SystemRole::PortalAdmin)];
    assert_eq!(granting.check(&admin, &[]), Ok(vec![system(SystemRole::PortalAdmin)]));
}

#[test]
fn nobody_gives_roles_that_grant_more_than_they_have() {
    let reseller = company(CompanyKind::Reseller);
    let own = SystemRole::ClientManager.grants();
    let giving = |by: &CompanyId, role| {
        Granting { by, own: &own, to: &reseller, known: &[] }.check(&[system(role)], &[]).is_ok()
    };
    let (above, same) = (reseller.path[0].clone(), reseller.id.clone());
    assert!(giving(&same, SystemRole::ClientManager));
    assert!(!giving(&same, SystemRole::Admin) && !giving(&above, SystemRole::Admin));
    // The portal of a company below is its own.
    assert!(giving(&above, SystemRole::PortalAdmin) && !giving(&same, SystemRole::PortalAdmin));
}

#[test]
fn a_role_is_given_by_its_maker_and_those_it_is_for() {
    let client = company(CompanyKind::Client);
    let role = |made_by: u128, companies: Vec<CompanyId>| Role {
        id: RoleId::new(1),
        company: CompanyId::new(made_by),
        name: "Cashier".into(),
        description: String::new(),
        face: Face::ClientPortal,
        companies,
        grants: Grants::new([(Area::PortalFinance, Level::View)]),
        created_at: NOW,
        revision: 0,
    };
    let given = [UserRole::Custom(RoleId::new(1))];
    let check = |role: Role, had: &[UserRole]| {
        let own = Grants::everything();
        let known = [role];
        let granting = Granting { by: &client.path[0], own: &own, to: &client, known: &known };
        granting.check(&given, had).is_ok()
    };
    assert!(check(role(1, vec![]), &[]) && check(role(0, vec![client.id.clone()]), &[]));
    assert!(!check(role(0, vec![]), &[]) && !check(role(0, vec![CompanyId::new(9)]), &[]));
    assert!(check(role(0, vec![]), &given), "whoever has it keeps it");

    let guest = plan("Ada", "ada@example.com").unwrap();
    let registered = User { registered_with: Some(CompanyId::new(0)), ..guest.clone() };
    for (role, counts) in [(role(1, vec![]), [true, true]), (role(0, vec![]), [false, true])] {
        assert_eq!([&guest, &registered].map(|user| user.is_granted_by(&role)), counts);
    }
}

#[test]
fn an_invitation_is_followed_once_and_in_time() {
    let client = company(CompanyKind::Client);
    let until = NOW + jiff::SignedDuration::from_hours(24);
    let ask = NewUser::named(UserId::new(1), "", "ada@example.com");
    let guest = plan_invitation(&client, ask, until, NOW).unwrap();
    assert_eq!(
        (guest.shown_status(NOW), guest.shown_status(until)),
        (ShownStatus::Invited, ShownStatus::Expired)
    );
    assert_eq!(guest.name, "ada@example.com");
    let ask =
        || UserChange { first_name: Some("Ada".into()), login: Some("ada".into()), ..UserChange::default() };
    let user = plan_sign_up(&guest, client.kind, ask()).unwrap();
    assert_eq!((user.name.as_str(), user.status), ("Ada", UserStatus::Active));
    assert_eq!(plan_sign_up(&user, client.kind, ask()), Err(UserError::Status(UserStatus::Active)));
    let revoked = plan_invited(&guest, None).unwrap();
    assert!(plan_sign_up(&revoked, client.kind, ask()).is_err());
    assert_eq!(plan_invited(&revoked, Some(until)).unwrap().status, UserStatus::Invited);
}

#[test]
fn who_has_left_has_no_login_and_no_roles() {
    let user = User { login: Some("ada".into()), ..plan("Ada", "ada@example.com").unwrap() };
    let gone = plan_leaving(&user);
    assert_eq!((gone.unique(), gone.is_active(), gone.name.as_str()), (vec![], false, "Ada"));
    let back = UserChange { active: Some(true), ..UserChange::default() };
    assert!(plan_change(&gone, CompanyKind::Client, back).is_err());
}

#[test]
fn somebody_has_each_department_once_by_name() {
    let user = plan("Ada", "ada@example.com").unwrap();
    let change = |names: &[&str]| {
        let departments = Some(names.iter().map(|name| (*name).to_owned()).collect());
        plan_change(&user, CompanyKind::Client, UserChange { departments, ..UserChange::default() })
    };
    let changed = change(&[" support", "Sales", "Support", "sales "]).unwrap();
    assert_eq!(changed.departments, ["Sales", "support"]);
    assert!(changed.is_of_department(" SUPPORT ") && !changed.is_of_department("Supp"));
    let kept = plan_change(&changed, CompanyKind::Client, UserChange::default()).unwrap();
    assert_eq!(kept.departments, changed.departments);
    let many: Vec<_> = (0..=DEPARTMENTS_MAX).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(change(&many[1..]).unwrap().departments.len(), DEPARTMENTS_MAX);
    assert_eq!(change(&many), Err(UserError::Departments));
    for bad in ["", " ", "a\nb", &"x".repeat(61)] {
        assert_eq!(change(&[bad]), Err(UserError::Departments), "{bad:?}");
    }
}

#[test]
fn a_stored_user_from_before_roles_is_read() {
    let stored = serde_json::json!({
        "id": UserId::new(1), "company": CompanyId::new(1), "name": "Ada Lovelace",
        "email": "ada@example.com", "master": true, "created_at": NOW,
    });
    let user: User = serde_json::from_value(stored).unwrap();
    assert!(user.is_active() && user.master && user.revision == 0 && user.departments.is_empty());
}

#[test]
fn codes_go_to_the_last_phone_that_was_proved_and_to_the_first_one_that_is_told() {
    let user = plan("Ada", "ada@example.com").unwrap();
    let told = |user: &User, phone: Option<&str>| {
        let ask = UserChange { phone: Some(phone.map(str::to_owned)), ..UserChange::default() };
        plan_change(user, CompanyKind::Client, ask).unwrap()
    };
    let first = told(&user, Some("+4915112345678"));
    assert_eq!((first.code_phone(), first.unproved_phone()), (Some("4915112345678"), Some("4915112345678")));
    let proved = plan_phone_proof(&first);
    assert_eq!((proved.code_phone(), proved.unproved_phone()), (Some("4915112345678"), None));
    let other = told(&proved, Some("+4915187654321"));
    assert_eq!((other.code_phone(), other.unproved_phone()), (Some("4915112345678"), Some("4915187654321")));
    assert_eq!(plan_phone_proof(&other).code_phone(), Some("4915187654321"));
    let reset = |phone| plan_second_factor_reset(&other, phone).unwrap();
    assert_eq!((reset(None).code_phone(), reset(None).proved_phone), (Some("4915187654321"), None));
    assert_eq!(reset(Some("+4915100000000")).unproved_phone(), Some("4915100000000"));
    let gone = plan_leaving(&other);
    assert_eq!((told(&other, None).code_phone(), gone.code_phone()), (None, None));
    assert!(plan_second_factor_reset(&gone, None).is_err());
}
