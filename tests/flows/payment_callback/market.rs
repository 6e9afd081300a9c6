//! A tenant with an account at each of the four payment systems, and a client for each.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use domain::id::{PaymentSystemId, SecretId, TopUpId};
use domain::money::{Amount, Currency};
use domain::payment_system::{FeeFrom, PaymentSystem, PaymentSystemDetails, PaymentSystemKind};
use domain::record::Hand;
use domain::top_up::{NewTopUp, TopUp, price};
use http::{Request, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;
use store::{ReviewFilter, TopUpPosted};
use tests::edits::act;
use tests::embedded_secrets::EmbeddedSecrets;
use tests::payment_systems::payonline::Stand;
use tests::payment_systems::{FreedomPaySimulator, NetCommerceSimulator, PayOnlineSimulator, Payer, Trick};
use tests::stripe_simulator::{EventKind, StripeSimulator};
use tests::world::{Member, World};
use top_ups::{Cashier, PageAsk, PaymentSecret};

use super::super::answer;

const SECRET: &str = "demoSecret01";
const MERCHANT: &str = "500001";
const STRIPE_KEY: &str = "sk_test_market";
const WEBHOOK_SECRET: &str = "whsec_market";

pub struct Market {
    pub world: World,
    secrets: EmbeddedSecrets,
    cashier: Cashier,
    router: Router,
    pub stripe: StripeSimulator,
    pub pay_online: PayOnlineSimulator,
    pub freedom_pay: FreedomPaySimulator,
    pub net_commerce: NetCommerceSimulator,
    systems: BTreeMap<&'static str, (PaymentSystem, Member)>,
}

/// A top-up whose page was opened.
pub struct Opened {
    pub top_up: TopUp,
    /// NetCommerce's name of the try.
    attempt: Option<String>,
}

/// A call of the router.
#[derive(Clone, Debug)]
pub struct Sent {
    pub path: String,
    pub signature: String,
    pub body: String,
}

impl Market {
    pub async fn open() -> Self {
        let world = World::with_streams(&[]).await;
        let secrets = EmbeddedSecrets::new();
        let stripe = StripeSimulator::start(STRIPE_KEY, WEBHOOK_SECRET).await.unwrap();
        let pay_online = PayOnlineSimulator::start(0, MERCHANT, SECRET).await.unwrap();
        let freedom_pay = FreedomPaySimulator::start(0, MERCHANT, SECRET).await.unwrap();
        let net_commerce = NetCommerceSimulator::start(0, MERCHANT, SECRET).await.unwrap();
        let own = serde_json::json!({"secret_key": "sk_test_own", "webhook_secret": "whsec_own"});
        secrets.set("payment-systems/stripe", own);
        let cashier = tests::paying::cashier(&world.store, &secrets, stripe.url());
        let mut market = Self {
            router: function(&world, &secrets, &stripe),
            systems: BTreeMap::new(),
            world,
            secrets,
            cashier,
            stripe,
            pay_online,
            freedom_pay,
            net_commerce,
        };
        for kind in PaymentSystemKind::ALL {
            let system = market.set_up(kind, &market.world.owner).await;
            let currency = Currency::parse(currency(kind)).unwrap();
            let client = market.world.client(&market.world.owner, "0.05").with_currency(currency);
            let client = client.prefunded().open().await;
            market.systems.insert(kind.name(), (system, client));
        }
        market
    }

    /// An account of a company, with its secret.
    async fn set_up(&self, kind: PaymentSystemKind, company: &Member) -> PaymentSystem {
        let address = match kind {
            PaymentSystemKind::Stripe => None,
            PaymentSystemKind::PayOnline => Some(self.pay_online.url().to_owned()),
            PaymentSystemKind::FreedomPay => Some(self.freedom_pay.url().to_owned()),
            PaymentSystemKind::NetCommerce => Some(self.net_commerce.url()),
        };
        // What each may have: a fee from the client, a percentage on top, or neither.
        let (fee_from, percent) = match kind {
            PaymentSystemKind::Stripe | PaymentSystemKind::FreedomPay => (FeeFrom::Client, None),
            PaymentSystemKind::PayOnline => (FeeFrom::Owner, None),
            PaymentSystemKind::NetCommerce => (FeeFrom::Owner, Some(Amount::parse("1.5").unwrap())),
        };
        let details = PaymentSystemDetails {
            name: format!("{} {}", kind.name(), self.world.unique()),
            kind,
            enabled: true,
            merchant: (kind != PaymentSystemKind::Stripe).then(|| MERCHANT.to_owned()),
            fee_from,
            internal_fee_percent: percent,
            tariff: None,
            currencies: Vec::new(),
            secret: SecretId::new(self.world.unique()),
            address,
            testing: false,
        };
        let hand = Hand { name: "test", now: Timestamp::now() };
        let id = PaymentSystemId::new(self.world.unique());
        let system = PaymentSystem::plan(id, &company.company, details, hand).unwrap();
        let secret = match kind {
            PaymentSystemKind::Stripe => {
                PaymentSecret::new(STRIPE_KEY.to_owned(), Some(WEBHOOK_SECRET.to_owned()))
            }
            _ => PaymentSecret::new(SECRET.to_owned(), None),
        };
        self.secrets.set_of(&system, serde_json::to_value(secret).unwrap());
        self.world.store.create(&act(&company.company.path), &system).await.unwrap();
        system
    }

    /// Another secret in the place of the account's. The function is new afterwards, as it keeps what it knows
    /// of an account for some minutes.
    pub async fn replace_secret(&mut self, kind: PaymentSystemKind, secret: &str) {
        let system = &self.systems[kind.name()].0;
        let stored: PaymentSecret = self.secrets.store().read_of(system).await.unwrap();
        let replaced = stored.replaced(kind, Some(secret.to_owned()), None, Timestamp::now());
        self.secrets.set_of(system, serde_json::to_value(replaced).unwrap());
        self.router = function(&self.world, &self.secrets, &self.stripe);
    }

    /// As the portal does it. The function is new afterwards.
    pub async fn change_system(
        &mut self,
        kind: PaymentSystemKind,
        change: impl FnOnce(&mut PaymentSystemDetails),
    ) {
        let (system, _) = &self.systems[kind.name()];
        let mut details = system.details.clone();
        change(&mut details);
        let hand = Hand { name: "test", now: Timestamp::now() };
        let after = system.plan_change(details, hand).unwrap();
        let act = act(&self.world.owner.company.path);
        self.world.store.replace(&act, system, &after).await.unwrap();
        self.router = function(&self.world, &self.secrets, &self.stripe);
    }

    /// Stores a top-up as `change` makes it.
    pub async fn change_top_up(&self, opened: &Opened, change: impl FnOnce(&mut TopUp)) {
        let before = self.stored(opened).await;
        let mut after = before.clone();
        change(&mut after);
        after.revision = before.revision + 1;
        let act = act(&self.world.owner.company.path);
        let posted = self.world.store.change_top_up(&act, &before, &after).await.unwrap();
        assert_eq!(posted, TopUpPosted::Now);
    }

    /// Opens the page of a new top-up of the client that has this account.
    pub async fn top_up(&self, kind: PaymentSystemKind, sum: &str) -> Opened {
        let (system, client) = &self.systems[kind.name()];
        let id = TopUpId::new(self.world.unique());
        let Currency::Money(money) = client.agreement.currency else { panic!("money") };
        let percent = system.details.internal_fee_percent;
        let price = price(Amount::parse(sum).unwrap(), client.agreement.currency, percent).unwrap();
        let account = self.cashier.account(Some(&system.id)).await.unwrap().unwrap();
        let (back, now) = (self.cashier.return_page(&id), Timestamp::now());
        let ask = PageAsk {
            top_up: &id,
            to_pay: price.to_pay,
            currency: money,
            success_url: &back,
            cancel_url: &back,
            now,
        };
        let page = self.cashier.open(&account, &ask).await.unwrap();
        let new = NewTopUp {
            id,
            company: client.company.id.clone(),
            tenant: client.agreement.tenant.clone(),
            agreement: client.agreement.id.clone(),
            wallet: None,
            user: None,
            price,
            currency: client.agreement.currency,
            order: None,
            through: account.through(),
            session: page.session,
            url: page.url,
        };
        let top_up = TopUp::new(new, now);
        assert!(self.world.store.put_top_up(&act(&client.company.path), &top_up).await.unwrap());
        if kind == PaymentSystemKind::PayOnline {
            self.pay_online.visit(&top_up.url).unwrap();
        }
        Opened { top_up, attempt: None }.visited(self).await
    }

    /// The payer pays, or is declined; what was paid goes back.
    pub fn pay(&self, opened: &Opened, pays: bool, goes_back: bool) {
        let (top_up, payer) = (&opened.top_up, if pays { Payer::Pays } else { Payer::IsDeclined });
        let id = top_up.id.as_str();
        match top_up.through.kind {
            PaymentSystemKind::Stripe => {
                if pays {
                    self.stripe_event(opened, EventKind::CompletedPaid, Timestamp::now());
                    self.stripe_event(opened, EventKind::FeeKnown, Timestamp::now());
                }
            }
            PaymentSystemKind::PayOnline => assert!(self.pay_online.act(id, payer)),
            PaymentSystemKind::FreedomPay => assert!(self.freedom_pay.act(id, payer)),
            PaymentSystemKind::NetCommerce => {
                assert!(self.net_commerce.act(opened.attempt.as_deref().unwrap(), payer));
            }
        }
        if goes_back {
            self.give_back(opened);
        }
    }

    /// All that was paid goes back to the payer, and nobody is told.
    pub fn give_back(&self, opened: &Opened) {
        let top_up = &opened.top_up;
        let id = top_up.id.as_str();
        match top_up.through.kind {
            PaymentSystemKind::Stripe => self.stripe.refund(&top_up.session, cents(top_up.to_pay())),
            PaymentSystemKind::PayOnline => self.pay_online.put(id, Stand::Voided),
            PaymentSystemKind::FreedomPay => self.freedom_pay.refund(id, top_up.to_pay().decimal()),
            PaymentSystemKind::NetCommerce => panic!("nobody tells of it"),
        }
    }

    /// All that was paid by Stripe and given back does not reach the payer, and nobody is told.
    pub fn fail_refund(&self, opened: &Opened) {
        self.stripe.fail_refund(&opened.top_up.session, cents(opened.top_up.to_pay()));
    }

    /// What Stripe keeps of it, in cents.
    pub fn stripe_fee(&self, opened: &Opened) -> i64 {
        let mut sessions = self.stripe.sessions().into_iter();
        sessions.find(|session| session.id == opened.top_up.session).unwrap().fee()
    }

    pub fn stripe_event(&self, opened: &Opened, kind: EventKind, at: Timestamp) -> Sent {
        let event = self.stripe.signed_event(&opened.top_up.session, kind, at);
        let (signature, body) = event.unwrap();
        Sent { path: self.path(opened), signature, body }
    }

    /// The callback of one of the others.
    pub fn form(&self, opened: &Opened, trick: Trick) -> Sent {
        let id = opened.top_up.id.as_str();
        let body = match opened.top_up.through.kind {
            PaymentSystemKind::Stripe => panic!("Stripe has events"),
            PaymentSystemKind::PayOnline => self.pay_online.callback(id, trick),
            PaymentSystemKind::FreedomPay => self.freedom_pay.callback(id, trick),
            PaymentSystemKind::NetCommerce => {
                self.net_commerce.result(opened.attempt.as_deref().unwrap(), trick)
            }
        };
        Sent { path: self.path(opened), signature: String::new(), body: body.unwrap() }
    }

    /// The result of a try at NetCommerce.
    pub fn result(&self, attempt: &str, trick: Trick) -> Sent {
        let (system, _) = &self.systems[PaymentSystemKind::NetCommerce.name()];
        let body = self.net_commerce.result(attempt, trick).unwrap();
        let path = format!("/payments/net_commerce/{}", system.id);
        Sent { path, signature: String::new(), body }
    }

    fn path(&self, opened: &Opened) -> String {
        let kind = opened.top_up.through.kind.name();
        format!("/payments/{kind}/{}", opened.top_up.through.system.as_ref().unwrap())
    }

    pub async fn system_of_a_neighbour(&self) -> PaymentSystemId {
        let neighbour = self.world.reseller(&self.world.owner, "0.03").open().await;
        self.set_up(PaymentSystemKind::FreedomPay, &neighbour).await.id
    }

    /// A paid callback about a top-up, signed for another account.
    pub fn signed_by_a_neighbour(&self, opened: &Opened, other: &PaymentSystemId) -> Sent {
        let honest = self.form(opened, Trick::Honest);
        let fields: BTreeMap<String, String> =
            form_urlencoded::parse(honest.body.as_bytes()).into_owned().collect();
        let values = fields.iter().filter(|(name, _)| *name != "pg_sig").map(|(_, value)| value.as_str());
        let values: Vec<&str> = values.collect();
        let signature = md5_hex(&format!("{other};{};{SECRET}", values.join(";")));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields.iter().filter(|(name, _)| *name != "pg_sig"));
        form.append_pair("pg_sig", &signature);
        let path = format!("/payments/freedom_pay/{other}");
        Sent { path, signature: String::new(), body: form.finish() }
    }

    pub async fn send(&self, sent: &Sent) -> StatusCode {
        self.answered(sent).await.0
    }

    /// The same with what the payment system reads.
    pub async fn answered(&self, sent: &Sent) -> (StatusCode, String) {
        let request = Request::post(&sent.path)
            .header("stripe-signature", &sent.signature)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(sent.body.clone()))
            .unwrap();
        answer(&self.router, request).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        answer(&self.router, Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// The title of the page that the payer comes back to.
    pub async fn page(&self, opened: &Opened) -> String {
        let (_, html) = self.get(&format!("/payments/return?top_up={}", opened.top_up.id)).await;
        html.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned()
    }

    fn form_path(opened: &Opened) -> String {
        opened.top_up.url.strip_prefix(tests::paying::PUBLIC_URL).unwrap().to_owned()
    }

    pub async fn form_status(&self, opened: &Opened) -> StatusCode {
        self.get(&Self::form_path(opened)).await.0
    }

    /// Posts the form of the page to NetCommerce as a browser does; gives the name of the try.
    pub async fn form_page(&self, opened: &Opened) -> String {
        let (status, html) = self.get(&Self::form_path(opened)).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        let attribute = |input: &str, name: &str| {
            let value = input.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            value.to_owned()
        };
        let inputs: Vec<(String, String)> = html
            .split("<input ")
            .skip(1)
            .map(|input| (attribute(input, "name"), attribute(input, "value")))
            .collect();
        let fields: Vec<(&str, String)> =
            inputs.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        self.net_commerce.visit(&fields).unwrap();
        inputs.into_iter().find(|(name, _)| name == "txtIndex").unwrap().1
    }

    pub async fn sweep(&self, now: Timestamp) {
        let app = sweeper::App { cashier: self.cashier.clone(), ..tests::paying::sweeper(&self.world.store) };
        sweeper::top_ups::run(&app, now).await.unwrap();
    }

    /// The account has another address from now on, at which nobody answers.
    pub async fn fall_silent(&self, kind: PaymentSystemKind) {
        let system = &self.systems[kind.name()].0;
        let mut silent = self.world.store.thing::<PaymentSystem>(system.id.as_str()).await.unwrap().unwrap();
        let before = silent.clone();
        silent.details.address = Some("http://127.0.0.1:1".to_owned());
        silent.revision += 1;
        let act = act(&self.world.owner.company.path);
        self.world.store.replace(&act, &before, &silent).await.unwrap();
        self.cashier.fresh_account(Some(&system.id)).await.unwrap();
    }

    /// Deletes the account; nothing is known of it any more.
    pub async fn delete(&mut self, kind: PaymentSystemKind) {
        let id = &self.systems[kind.name()].0.id;
        let stored = self.world.store.thing::<PaymentSystem>(id.as_str()).await.unwrap().unwrap();
        self.world.store.delete(&act(&self.world.owner.company.path), &stored).await.unwrap();
        self.cashier = tests::paying::cashier(&self.world.store, &self.secrets, self.stripe.url());
    }

    /// A person of the tenant confirms a top-up, as the portal does it.
    pub async fn confirm_by_hand(&self, opened: &Opened, reference: &str, credited: &str) -> TopUpPosted {
        let (top_up, owner) = (self.stored(opened).await, &self.world.owner.company);
        let credited = Some(Amount::parse(credited).unwrap());
        let received = top_up.plan_confirmation(reference, credited).unwrap().unwrap();
        self.cashier.book(&act(&owner.path), &top_up, &received, Some(&owner.id)).await.unwrap()
    }

    /// How many calls about an account were not taken as its payment system's.
    pub async fn refused_calls(&self, kind: PaymentSystemKind) -> u32 {
        self.counted_calls(kind, false).await.0
    }

    /// How many calls about an account were counted, and the last of them, newest first: those with which a person
    /// has to deal, or those with which nobody has to.
    pub async fn counted_calls(&self, kind: PaymentSystemKind, is_done: bool) -> (u32, Vec<String>) {
        let systems = vec![self.systems[kind.name()].0.id.to_string()];
        let filter = ReviewFilter { systems, done: Some(is_done), ..ReviewFilter::default() };
        let page = self.world.store.newest_reviews(&filter, 100, None).await.unwrap();
        let counted: Vec<_> = page.items.into_iter().filter(|kept| !kept.lately.is_empty()).collect();
        let lately = counted.iter().flat_map(|kept| &kept.lately).map(|call| call.detail.clone());
        (counted.iter().map(|kept| kept.times).sum(), lately.collect())
    }

    /// What waits for a person about the top-ups of an account.
    pub async fn reviews(&self, kind: PaymentSystemKind) -> Vec<String> {
        let reviews = self.world.store.reviews(self.systems[kind.name()].0.id.as_str()).await.unwrap();
        reviews.into_iter().map(|review| review.detail).collect()
    }

    /// A run of the sweeper that cannot ask about all.
    pub async fn sweep_in_vain(&self, now: Timestamp) {
        let app = sweeper::App { cashier: self.cashier.clone(), ..tests::paying::sweeper(&self.world.store) };
        sweeper::top_ups::run(&app, now).await.unwrap_err();
    }

    pub async fn stored(&self, opened: &Opened) -> TopUp {
        self.world.store.top_up(&opened.top_up.id).await.unwrap().unwrap()
    }

    pub async fn balance(&self, kind: PaymentSystemKind) -> Amount {
        self.world.balance(&self.systems[kind.name()].1).await
    }

    /// How many payments the ledger holds.
    pub async fn payments(&self) -> usize {
        let client = self.world.database.client();
        let table = &self.world.store.tables.ledger;
        let (mut count, mut after) = (0, None);
        loop {
            let scan = client.scan().table_name(table).set_exclusive_start_key(after);
            let page = scan.send().await.unwrap();
            let items = page.items.unwrap_or_default();
            count += items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with("payment#")).count();
            after = page.last_evaluated_key;
            if after.is_none() {
                return count;
            }
        }
    }
}

impl Opened {
    /// At NetCommerce, once the payer has been taken there.
    async fn visited(self, market: &Market) -> Self {
        if self.top_up.through.kind != PaymentSystemKind::NetCommerce {
            return self;
        }
        let attempt = market.form_page(&self).await;
        Self { attempt: Some(attempt), ..self }
    }
}

fn currency(kind: PaymentSystemKind) -> &'static str {
    match kind {
        PaymentSystemKind::NetCommerce => "USD",
        PaymentSystemKind::FreedomPay => "KZT",
        _ => "EUR",
    }
}

fn function(world: &World, secrets: &EmbeddedSecrets, stripe: &StripeSimulator) -> Router {
    let addresses = tests::paying::addresses(stripe.url());
    let app = payment_callback::App::new(world.store.clone(), secrets.store(), addresses).unwrap();
    payment_callback::router(app)
}

/// What FreedomPay's simulator leaves of a payment, as it writes it: 2.5 % less.
pub fn net_at_freedompay(paid: Decimal) -> Decimal {
    format!("{:.2}", paid - paid * Decimal::new(25, 3)).parse().unwrap()
}

fn cents(amount: Amount) -> i64 {
    i64::try_from((amount.decimal() * Decimal::ONE_HUNDRED).trunc().mantissa()).unwrap()
}

fn md5_hex(text: &str) -> String {
    use md5::{Digest, Md5};
    hex::encode(Md5::digest(text))
}
