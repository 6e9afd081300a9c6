//! Which transfers are allowed, rule by rule.

use super::*;
use crate::agreement::{Charging, CreditLimit, NewAgreement, plan_agreement};
use crate::company::{CompanyKind, NewCompany, plan_company, plan_owner};
use crate::id::AgreementId;
use crate::period::BillingTerms;
use crate::user::{NewUser, plan_user};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn owner() -> Company {
    plan_owner(CompanyId::new(0), "Owner", NOW).unwrap()
}

fn child(parent: &Company, number: u128) -> Company {
    let id = CompanyId::new(number);
    let ask = NewCompany { id, name: "A".into(), kind: CompanyKind::Reseller, direct_sending: false };
    plan_company(parent, ask, NOW).unwrap()
}

fn user(company: &Company, number: u128, master: bool) -> User {
    let ask = NewUser::named(UserId::new(number), "U", "a@example.com");
    User { master, ..plan_user(company, ask, NOW).unwrap() }
}

/// A wallet with the company and agreement it belongs to.
#[derive(Clone)]
struct Side {
    company: Company,
    agreement: Agreement,
    wallet: Wallet,
}

impl Side {
    /// A company's main wallet of an agreement with individual credits.
    fn main(company: &Company, number: u128, funds: i64, limit: i64) -> Self {
        let limit = Amount::whole(limit);
        let ask = NewAgreement {
            id: AgreementId::new(number),
            company: company.id.clone(),
            tenant: company.tenant().unwrap_or(&company.id).clone(),
            code: format!("A-{number}"),
            currency: Currency::Credit,
            charging: Charging::Prefunded,
            credit_limit: CreditLimit::Limited(limit),
            billing: BillingTerms::monthly_utc(),
        };
        let agreement = plan_agreement(ask, None, true, NOW).unwrap();
        let agreement = Agreement { individual_credits: true, ..agreement };
        let wallet = Wallet::open(&agreement.id, &company.id, Currency::Credit, limit, vec![]);
        Self { company: company.clone(), agreement, wallet }.with_funds(funds)
    }

    /// A user's wallet below this one.
    fn of_user(&self, user: &User, funds: i64) -> Self {
        Self { wallet: Wallet::open_user(&self.wallet, &user.id), ..self.clone() }.with_funds(funds)
    }

    fn with_funds(mut self, funds: i64) -> Self {
        self.wallet.funding = Amount::whole(funds);
        self.wallet.headroom = self.wallet.funding.checked_add(self.wallet.credit_limit).unwrap();
        self
    }

    fn party(&self) -> Party<'_> {
        Party { wallet: &self.wallet, company: &self.company, agreement: &self.agreement }
    }
}

fn ask(from: &Side, to: &Side, amount: &str) -> TransferRequest {
    TransferRequest {
        id: TransferId::new(1),
        from: from.wallet.id.clone(),
        to: to.wallet.id.clone(),
        amount: TransferAmount::parse(amount).unwrap(),
        note: String::new(),
        by: CompanyId::new(0),
        by_user: None,
        own_wallet_only: false,
    }
}

fn plan(from: &Side, to: &Side, amount: &str) -> Result<Transfer, TransferError> {
    plan_transfer(from.party(), to.party(), ask(from, to, amount), NOW)
}

fn plan_by(user: &User, from: &Side, to: &Side) -> Result<Transfer, TransferError> {
    let ask =
        TransferRequest { by_user: Some(user.clone()), own_wallet_only: !user.master, ..ask(from, to, "1") };
    plan_transfer(from.party(), to.party(), ask, NOW)
}

fn not_enough(available: i64, needed: i64) -> TransferError {
    TransferError::NotEnough { available: Amount::whole(available), needed: Amount::whole(needed) }
}

/// What an owner with these funds and this limit gives its child.
#[track_caller]
fn check(available: i64, limit: i64, amount: &str) -> Result<Amount, TransferError> {
    let (owner, child) = (owner(), child(&owner(), 1));
    let (from, to) = (Side::main(&owner, 10, available, limit), Side::main(&child, 11, 0, 0));
    plan(&from, &to, amount).map(|transfer| transfer.amount)
}

#[test]
fn a_parent_can_give_all_it_has_and_no_more() {
    assert_eq!(check(10, 0, "10"), Ok(Amount::whole(10)));
    assert_eq!(not_enough(10, 11).to_string(), "10 is available, 11 is needed");
    assert_eq!(check(10, 0, "11"), Err(not_enough(10, 11)));
}

#[test]
fn a_credit_limit_is_not_given_away() {
    assert_eq!(check(10, 100, "11"), Err(not_enough(10, 11)));
    assert!(check(10, 100, "10").is_ok());
}

#[test]
fn a_credit_limit_is_given_where_the_givers_agreement_allows_it() {
    let (owner, child) = (owner(), child(&owner(), 1));
    let (mut from, mut to) = (Side::main(&owner, 10, 10, 100), Side::main(&child, 11, 0, 0));
    to.agreement.transfers_use_credit_limit = true;
    assert_eq!(plan(&from, &to, "11"), Err(not_enough(10, 11)), "the taker's setting does not count");
    from.agreement.transfers_use_credit_limit = true;
    assert!(plan(&from, &to, "110").unwrap().uses_credit_limit);
    assert_eq!(plan(&from, &to, "111"), Err(not_enough(110, 111)));
    let all = plan(&from, &to, "all").unwrap();
    assert_eq!((all.amount, all.uses_credit_limit), (Amount::whole(10), false), "a limit is not withdrawn");
}

#[test]
fn nothing_and_too_long_a_note_are_refused() {
    assert_eq!(check(10, 0, "0"), Err(TransferError::AmountZero));
    let (owner, child) = (owner(), child(&owner(), 1));
    let (from, to) = (Side::main(&owner, 10, 5, 0), Side::main(&child, 11, 0, 0));
    let noted = |length| TransferRequest { note: "ä".repeat(length), ..ask(&from, &to, "1") };
    assert!(plan_transfer(from.party(), to.party(), noted(200), NOW).is_ok());
    let refused = plan_transfer(from.party(), to.party(), noted(201), NOW);
    assert_eq!(refused, Err(TransferError::NoteTooLong));
    assert_eq!(plan(&from, &from, "1"), Err(TransferError::SameWallet));
}

#[test]
fn a_full_withdrawal_takes_what_is_there_and_says_so() {
    let (owner, child) = (owner(), child(&owner(), 1));
    let (from, to) = (Side::main(&child, 10, 7, 0), Side::main(&owner, 11, 0, 0));
    let all = plan(&from, &to, "all").unwrap();
    assert_eq!((all.amount, all.all), (Amount::whole(7), true));
    let nothing = TransferError::NothingThere { available: Amount::ZERO };
    assert_eq!(plan(&from.with_funds(0), &to, "all"), Err(nothing));
}

#[test]
fn a_repeat_asks_for_the_same_in_the_same_words() {
    let (owner, child) = (owner(), child(&owner(), 1));
    let (from, to) = (Side::main(&child, 10, 7, 0), Side::main(&owner, 11, 0, 0));
    let (all, seven) = (plan(&from, &to, "all").unwrap(), plan(&from, &to, "7").unwrap());
    assert_eq!(all.amount, seven.amount);
    let asks = |amount| ask(&from, &to, amount);
    assert!(asks("all").is_repeat_of(&all) && asks("7").is_repeat_of(&seven));
    assert!(!asks("7").is_repeat_of(&all) && !asks("all").is_repeat_of(&seven));
    assert!(!asks("8").is_repeat_of(&seven));
    assert!(ask(&to, &from, "-7").directed().is_repeat_of(&seven));
    assert!(!TransferRequest { note: "x".into(), ..asks("7") }.is_repeat_of(&seven));
}

#[test]
fn credits_never_skip_a_level_or_go_sideways() {
    let owner = owner();
    let (left, right) = (child(&owner, 1), child(&owner, 2));
    let below = child(&left, 3);
    for (giver, taker) in [(&left, &right), (&owner, &below), (&below, &owner)] {
        let (from, to) = (Side::main(giver, 10, 5, 0), Side::main(taker, 11, 0, 0));
        assert_eq!(plan(&from, &to, "1"), Err(TransferError::NotRelated));
    }
}

#[test]
fn credits_move_between_parent_and_child_and_between_agreements_of_one_company() {
    let owner = owner();
    let child = child(&owner, 1);
    for (giver, taker) in [(&owner, &child), (&child, &owner), (&child, &child), (&owner, &owner)] {
        let (from, to) = (Side::main(giver, 10, 5, 0), Side::main(taker, 11, 0, 0));
        assert!(plan(&from, &to, "1").is_ok());
    }
}

#[test]
fn system_and_user_credits_of_one_agreement_move_either_way() {
    let company = child(&owner(), 1);
    let main = Side::main(&company, 10, 5, 0);
    let (ada, bob) = (user(&company, 1, false), user(&company, 2, false));
    let (ada, bob) = (main.of_user(&ada, 5), main.of_user(&bob, 5));
    for (from, to) in [(&main, &ada), (&ada, &main), (&ada, &bob)] {
        assert!(plan(from, to, "5").is_ok());
        assert_eq!(plan(from, to, "6"), Err(not_enough(5, 6)));
    }
}

#[test]
fn user_credits_stay_within_their_agreement() {
    let owner = owner();
    let company = child(&owner, 1);
    let (main, second) = (Side::main(&company, 10, 5, 0), Side::main(&company, 11, 5, 0));
    let parents = Side::main(&owner, 12, 5, 0);
    let childs = Side::main(&child(&company, 2), 13, 5, 0);
    let ada = user(&company, 1, true);
    let (own, elsewhere) = (main.of_user(&ada, 5), second.of_user(&ada, 5));
    for other in [&second, &elsewhere, &parents, &childs] {
        assert_eq!(plan(&own, other, "1"), Err(TransferError::NotRelated));
        assert_eq!(plan(other, &own, "1"), Err(TransferError::NotRelated));
    }
}

#[test]
fn a_user_gives_only_from_the_own_wallet_and_a_master_from_any() {
    let owner = owner();
    let company = child(&owner, 1);
    let main = Side::main(&company, 10, 5, 0);
    let parents = Side::main(&owner, 12, 5, 0);
    let (plain, other, master) =
        (user(&company, 1, false), user(&company, 2, false), user(&company, 3, true));
    let (own, others) = (main.of_user(&plain, 5), main.of_user(&other, 5));
    for to in [&main, &others] {
        let transfer = plan_by(&plain, &own, to).unwrap();
        assert_eq!(transfer.by_user, Some(plain.id.clone()));
    }
    for (from, to) in [(&main, &own), (&others, &own), (&others, &main), (&main, &parents)] {
        assert_eq!(plan_by(&plain, from, to), Err(TransferError::NotOwnWallet));
        assert!(plan_by(&master, from, to).is_ok());
    }
}

#[test]
fn without_individual_credits_a_users_wallet_only_gives_back() {
    let company = child(&owner(), 1);
    let mut main = Side::main(&company, 10, 5, 0);
    main.agreement.individual_credits = false;
    let left_over = main.of_user(&user(&company, 1, false), 5);
    assert_eq!(plan(&main, &left_over, "1"), Err(TransferError::NoIndividualCredits));
    assert!(plan(&left_over, &main, "all").is_ok());
}

#[test]
fn a_lease_neither_gives_nor_takes() {
    let main = Side::main(&child(&owner(), 1), 10, 5, 0);
    let lease = Side { wallet: Wallet::open_lease(&main.wallet, 1), ..main.clone() };
    assert_eq!(plan(&main, &lease, "1"), Err(TransferError::NotRelated));
    assert_eq!(plan(&lease, &main, "all"), Err(TransferError::NotRelated));
}

#[test]
fn a_negative_amount_turns_the_direction_round() {
    let (owner, child) = (owner(), child(&owner(), 1));
    let (from, to) = (Side::main(&owner, 10, 0, 0), Side::main(&child, 11, 5, 0));
    let turned = ask(&from, &to, "-5").directed();
    let five = TransferAmount::Exact(Amount::whole(5));
    assert_eq!((turned.amount, &turned.from, &turned.to), (five, &to.wallet.id, &from.wallet.id));
    assert_eq!(ask(&from, &to, "all").directed(), ask(&from, &to, "all"));
}

#[test]
fn two_currencies_do_not_mix() {
    let (owner, child) = (owner(), child(&owner(), 1));
    let from = Side::main(&owner, 10, 5, 0);
    let mut to = Side::main(&child, 11, 0, 0);
    to.wallet.currency = Currency::parse("EUR").unwrap();
    assert!(matches!(plan(&from, &to, "1"), Err(TransferError::CurrencyDiffers { .. })));
}

#[test]
fn what_came_back_to_a_closed_wallet_goes_to_any_company_above_without_credit_and_nothing_goes_in() {
    let owner = owner();
    let (company, neighbour) = (child(&owner, 1), child(&owner, 2));
    let below = child(&company, 3);
    let main = |company: &Company, number| Side::main(company, number, 5, 0);
    let (parents, companys, neighbours) = (main(&owner, 10), main(&company, 11), main(&neighbour, 12));
    let mut gone = Side::main(&below, 13, 5, 100);
    gone.agreement.transfers_use_credit_limit = true;
    let mut users = gone.of_user(&user(&below, 1, false), 5);
    for closed in [&mut gone, &mut users] {
        closed.wallet.state = WalletState::Closed;
        for above in [&parents, &companys] {
            assert!(!plan(closed, above, "5").unwrap().uses_credit_limit);
            assert_eq!(plan(closed, above, "6"), Err(not_enough(5, 6)));
        }
        assert_eq!(plan(closed, &neighbours, "5"), Err(TransferError::NotRelated));
    }
    for (from, to) in [(&companys, &gone), (&gone, &users), (&users, &gone)] {
        assert_eq!(plan(from, to, "1"), Err(TransferError::TakerClosed));
    }
    assert_eq!(plan(&parents, &gone, "1"), Err(TransferError::NotRelated));
}
