//! A company with one agreement, one wallet, a sender ID and an API key.

use domain::agreement::{Agreement, Charging, CreditLimit, EnabledService, NewAgreement, plan_agreement};
use domain::api_key::ApiKey;
use domain::company::{Company, CompanyKind, NewCompany, plan_company};
use domain::connection::ConnectionKind;
use domain::id::{AgreementId, ApiKeyId, CompanyId, PaymentId, SenderId, ServiceId, WalletId};
use domain::money::{Amount, Currency};
use domain::payment::{Payment, PaymentDirection, PaymentError, PaymentRequest, plan_payment};
use domain::period::BillingTerms;
use domain::quote::Level;
use domain::rating::{BillingRule, CompiledTree, Node, Price, RateTree, Resource, Service, ServiceKind};
use domain::route::Routes;
use domain::sender::{Sender, SenderAddress};
use domain::wallet::Wallet;
use jiff::Timestamp;
use runtime::token;
use sha2::{Digest, Sha256};
use store::{Store, TreeCache};

use super::{NOW, Terms, World, amount, connection};

/// The name that every member sends from.
const SENDER: &str = "ACME";

#[derive(Debug, Clone)]
pub struct Member {
    pub company: Company,
    pub agreement: Agreement,
    pub wallet: WalletId,
    /// What it pays its tenant for each segment.
    pub price: Amount,
    /// The rates of this agreement and of all it is charged to as well, its own first; as read when it
    /// was opened.
    pub levels: Vec<Level>,
    pub sender: SenderAddress,
    /// The secret, as the customer would have it.
    pub api_key: String,
}

impl Member {
    /// A payment, planned as the portal plans it.
    pub fn payment(
        &self,
        id: PaymentId,
        direction: PaymentDirection,
        amount: Amount,
        wallet: &Wallet,
    ) -> Result<Payment, PaymentError> {
        let ask = PaymentRequest {
            reference: id.to_string(),
            id,
            direction,
            amount,
            exchange: None,
            payment_date: NOW.to_zoned(jiff::tz::TimeZone::UTC).date(),
            description: String::new(),
            confirmed: true,
            confirm_before: None,
            may_overdraw: false,
            by: self.company.id.to_string(),
        };
        plan_payment(&self.agreement, wallet, ask, NOW)
    }
}

/// A member about to be made.
#[must_use = "it is made by `open`"]
pub struct NewMember<'a> {
    world: &'a World,
    parent: &'a Member,
    kind: CompanyKind,
    price: Amount,
    billing: BillingRule,
    funds: Option<String>,
    terms: Terms,
    currency: Currency,
    periods: BillingTerms,
    /// What is enabled before the pay-as-you-go service: packs, bundles.
    packs: Vec<(ServiceKind, RateTree)>,
    /// The tree of the pay-as-you-go service, unless it is one price for everything.
    tree: Option<RateTree>,
}

impl<'a> NewMember<'a> {
    pub(super) fn new(world: &'a World, parent: &'a Member, kind: CompanyKind, price: &str) -> Self {
        Self {
            world,
            parent,
            kind,
            price: amount(price),
            billing: BillingRule::Submitted,
            funds: None,
            terms: Terms { charging: Charging::Cascade, credit_limit: CreditLimit::Limited(Amount::ZERO) },
            currency: parent.agreement.currency,
            periods: BillingTerms::monthly_utc(),
            packs: Vec::new(),
            tree: None,
        }
    }

    /// Pays as this tree says.
    pub fn with_tree(mut self, tree: RateTree) -> Self {
        self.tree = Some(tree);
        self
    }

    /// Has this pack or bundle as well, behind those before.
    pub fn with_pack(mut self, kind: ServiceKind, tree: RateTree) -> Self {
        self.packs.push((kind, tree));
        self
    }

    pub fn with_periods(mut self, periods: BillingTerms) -> Self {
        self.periods = periods;
        self
    }

    /// Counts in another currency than its parent, which only the owner's own may.
    pub fn with_currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    pub fn with_funds(mut self, funds: &str) -> Self {
        self.funds = Some(funds.to_owned());
        self
    }

    pub fn with_credit_limit(mut self, limit: CreditLimit) -> Self {
        self.terms.credit_limit = limit;
        self
    }

    /// The levels above are not charged for its messages.
    pub fn prefunded(mut self) -> Self {
        self.terms.charging = Charging::Prefunded;
        self
    }

    /// It owes nothing for what was not delivered.
    pub fn billed_on_delivery(mut self) -> Self {
        self.billing = BillingRule::Delivered;
        self
    }

    /// # Panics
    /// When a plan or a write is refused.
    pub async fn open(self) -> Member {
        let world = self.world;
        let company = self.store_company().await;
        let agreement = self.plan_agreement(&company);
        let wallet = open_agreement(&world.store, &agreement).await;
        let agreement = self.enable_services(agreement).await;
        let sender = put_sender(&world.store, &agreement, world.unique()).await;
        let api_key = put_api_key(&world.store, &company, world.unique()).await;
        let levels = levels(&world.store, &agreement, NOW).await;
        let member =
            Member { company, wallet: wallet.id, price: self.price, levels, sender, api_key, agreement };
        if let Some(funds) = self.funds.as_deref().filter(|funds| *funds != "0") {
            world.fund(&member, funds).await;
        }
        member
    }

    async fn store_company(&self) -> Company {
        let ask = NewCompany {
            id: CompanyId::new(self.world.unique()),
            name: format!("{:?}", self.kind),
            kind: self.kind,
            direct_sending: true,
        };
        let company = plan_company(&self.parent.company, ask, NOW).expect("the company is allowed");
        let act = crate::edits::act(&company.path);
        let written = self.world.store.create(&act, &company).await.expect("the company is stored");
        assert_eq!(written, store::Written::Now);
        company
    }

    fn plan_agreement(&self, company: &Company) -> Agreement {
        let number = self.world.unique();
        let ask = NewAgreement {
            id: AgreementId::new(number),
            company: company.id.clone(),
            tenant: self.parent.company.id.clone(),
            code: format!("A-{number}"),
            currency: self.currency,
            charging: self.terms.charging,
            credit_limit: self.terms.credit_limit,
            billing: self.periods.clone(),
        };
        let tenant_is_owner = self.parent.company.kind == CompanyKind::Owner;
        let resold_under = (!tenant_is_owner).then_some(&self.parent.agreement);
        plan_agreement(ask, resold_under, tenant_is_owner, NOW).expect("the agreement is allowed")
    }

    /// Rate plans of the parent's: packs first, then one price for everything unless told otherwise.
    async fn enable_services(&self, mut agreement: Agreement) -> Agreement {
        let tree = self.tree.clone().unwrap_or_else(|| flat_tree(self.price, self.billing));
        let pay_as_you_go = (ServiceKind::PayAsYouGo, tree);
        for (kind, tree) in self.packs.iter().chain([&pay_as_you_go]) {
            let service = self.world.service(&self.parent.company.id, self.currency, *kind, tree).await;
            let before = agreement;
            agreement = before.with_service(enabled(service, NOW), self.currency).expect("it is enabled");
            let act = crate::edits::act_at(std::slice::from_ref(&agreement.company), NOW);
            let stored = self.world.store.replace_agreement(&act, &before, &agreement).await;
            stored.expect("the agreement is stored");
        }
        agreement
    }
}

impl World {
    /// A service of a company, stored and not enabled anywhere yet.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn service(
        &self,
        company: &CompanyId,
        currency: Currency,
        kind: ServiceKind,
        tree: &RateTree,
    ) -> ServiceId {
        let id = ServiceId::new(self.unique());
        let service = Service::in_force(id, company.clone(), "service", currency, kind, NOW);
        let owner = self.store.any_company(company).await.expect("it is read").expect("it is there");
        let act = crate::edits::act(&owner.path);
        tree.check().expect("a tree");
        let tree = CompiledTree::compile(tree).expect("a tree");
        self.store.put_service(&act, &service, &[(1, &tree)]).await.expect("the service is stored");
        service.id
    }
}

/// A service as it is enabled from a moment on.
pub fn enabled(service: ServiceId, from: Timestamp) -> EnabledService {
    EnabledService::new(service, from, None)
}

pub(super) async fn open_owner(store: &Store, company: Company, number: u128) -> Member {
    let secret = secret(number);
    let act = crate::edits::act(&company.path);
    let owner = store.put_owner(&act, &company, &api_key(&company, &secret, number)).await;
    assert!(owner.expect("the owner is stored"));
    let ask = NewAgreement {
        id: AgreementId::new(number),
        company: company.id.clone(),
        tenant: company.id.clone(),
        code: "OWN".into(),
        currency: Currency::parse("EUR").expect("a currency"),
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Limited(Amount::ZERO),
        billing: BillingTerms::monthly_utc(),
    };
    let agreement = plan_agreement(ask, None, true, NOW).expect("the owner's own agreement is allowed");
    let wallet = open_agreement(store, &agreement).await;
    let sender = put_sender(store, &agreement, number).await;
    Member {
        company,
        wallet: wallet.id,
        price: Amount::ZERO,
        levels: Vec::new(),
        sender,
        api_key: secret,
        agreement,
    }
}

async fn open_agreement(store: &Store, agreement: &Agreement) -> Wallet {
    let above = agreement.above.iter().map(WalletId::main).collect();
    let limit = agreement.version_at(NOW).credit_limit.amount();
    let wallet = Wallet::open(&agreement.id, &agreement.company, agreement.currency, limit, above);
    let act = crate::edits::act_at(std::slice::from_ref(&agreement.company), NOW);
    let opened = store.open_agreement(&act, agreement, &wallet).await.expect("the agreement is stored");
    assert_eq!(opened, store::Written::Now);
    wallet
}

async fn put_sender(store: &Store, agreement: &Agreement, number: u128) -> SenderAddress {
    let address = SenderAddress::parse(SENDER).expect("a sender");
    let sender = Sender::new(
        SenderId::new(number),
        agreement.company.clone(),
        agreement.id.clone(),
        address.clone(),
        Routes::only(connection(), ConnectionKind::Smpp),
        NOW,
    );
    let act = crate::edits::act_at(std::slice::from_ref(&agreement.company), NOW);
    let stored = store.put_sender(&act, &sender).await.expect("the sender is stored");
    assert_eq!(stored, store::Written::Now);
    address
}

fn secret(number: u128) -> String {
    let id = ApiKeyId::new(number);
    token::api_key_of(&id, &hex::encode(Sha256::digest(id.as_str())))
}

fn api_key(company: &Company, secret: &str, number: u128) -> ApiKey {
    let stored = runtime::new_api_key(&company.id, None, "test", NOW).stored;
    ApiKey { id: ApiKeyId::new(number), hash: token::hash(secret), ..stored }
}

async fn put_api_key(store: &Store, company: &Company, number: u128) -> String {
    let secret = secret(number);
    let act = crate::edits::act_at(&company.path, NOW);
    let stored = store.create(&act, &api_key(company, &secret, number)).await;
    assert_eq!(stored.expect("the API key is stored"), store::Written::Now);
    secret
}

fn flat_tree(price: Amount, billing: BillingRule) -> RateTree {
    let node = Node { billing_rule: Some(billing), ..Node::of_price(Price::Flat { amount: price }) };
    RateTree { resources: [(Resource::SmsMessage, node)].into() }
}

/// The levels of an agreement's messages, as a sender of them reads them.
///
/// # Panics
/// When they cannot be read.
pub async fn levels(store: &Store, agreement: &Agreement, now: Timestamp) -> Vec<Level> {
    let agreements = store.agreements(&agreement.charged_levels()).await.expect("the levels are read");
    store.levels(&TreeCache::default(), agreements, now).await.expect("the rates are read")
}
