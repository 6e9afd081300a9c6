//! Codes by SMS, for who logs in with two factors and has no app, and to have a phone number proved. They go
//! the way of every other message, and a company of the path pays for them.

use domain::company::Company;
use domain::handling::Code;
use domain::id::{AgreementId, CodeRequestId, MessageId, UserId};
use domain::notification::NotificationEvent;
use domain::second_factor::{LoginCodes, SentCode};
use domain::two_factor::{CodeRequest, TwoFactorIntegration};
use domain::user::{User, plan_phone_proof};
use jiff::{SignedDuration, Timestamp};
use queue::Mail;
use rand::RngExt;
use runtime::http::{Problem, unavailable};
use runtime::token;
use sending::{Ask, HotWallets, Planner};
use store::{AcceptError, StoreError, Written};

use crate::App;
use crate::error::ApiError;
use crate::people::Caller;
use crate::second_factor::{code_required, count, forget, wrong_code};

/// The purposes of codes, as in [`Road`].
pub const LOGIN: &str = "login";
pub const PHONE: &str = "phone";
pub const REGISTRATION: &str = "registration";

const DAY_SECONDS: i64 = 86_400;
/// A session ends after an idle hour unless told, so a working day takes about so many logins. More for one
/// person, or to a phone that is nobody's for certain, is somebody who has messages sent for their price.
const PER_PERSON_MAX: u32 = 10;
/// A company whose people need more pays for them itself: it sets `login_codes` of its own.
const PER_COMPANY_MAX: u32 = 100;
/// At five cents a code, robots cost a company fifty euros a day for its people, and as much for those of all
/// companies below it and for who registers.
const PER_PAYER_MAX: u32 = 1_000;

/// Asks for a code, after sending one, or takes it. The first one that is taken proves the phone: the user as
/// they are then.
pub async fn check(
    app: &App,
    caller: &Caller,
    user: &User,
    company: &Company,
    code: Option<&str>,
) -> Result<User, ApiError> {
    let Some(phone) = user.code_phone() else {
        let detail = "You have to log in with two factors, and no phone number of yours is known.";
        return Err(Problem::new(403, "phone_required", detail).into());
    };
    match prove(app, LOGIN, company, user, phone, code).await? {
        Proof::Given => {}
        Proof::NobodySends => return Err(not_sent("no company above says how codes are sent")),
    }
    app.store.audit(&caller.act_as(user, company), "session.second_factor", user.id.as_str()).await?;
    if user.proved_phone.is_some() {
        return Ok(user.clone());
    }
    let proved = plan_phone_proof(user);
    Ok(match app.store.replace_user(&caller.act_as(user, company), user, &proved, None).await? {
        Written::Now => proved,
        // Who is being edited at the moment proves it the next time.
        Written::Overtaken | Written::Taken => user.clone(),
    })
}

/// What became of a phone that was to be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Given,
    /// No company of the path sends codes, so there is no way to prove one.
    NobodySends,
}

/// Asks for the code of a phone, after sending one, or takes it. `purpose` is as in [`Road`].
pub async fn prove(
    app: &App,
    purpose: &'static str,
    company: &Company,
    user: &User,
    phone: &str,
    code: Option<&str>,
) -> Result<Proof, ApiError> {
    if let Some(code) = code {
        take(app, purpose, &user.id, phone, code).await?;
        return Ok(Proof::Given);
    }
    let Some((sender, settings)) = sender_of(app, company).await? else { return Ok(Proof::NobodySends) };
    let (agreement, address) = (&settings.agreement, settings.sender.as_str());
    let person = Some((user, company));
    let road = Road { purpose, person, company: &sender, agreement, sender: address, integration: None };
    send_over(app, road, &user.id, phone, |code| settings.text_of(code)).await?;
    Err(code_required("sms"))
}

/// Takes a code that was sent to this phone, once.
pub async fn take(
    app: &App,
    purpose: &str,
    user: &UserId,
    phone: &str,
    code: &str,
) -> Result<SentCode, ApiError> {
    count(app, purpose, user).await?;
    let (sent, hash) = (app.store.sent_code(user, purpose).await?, hash(user, code));
    let sent = sent.filter(|sent| sent.takes(phone, &hash, runtime::now())).ok_or_else(wrong_code)?;
    if !app.store.spend_code(&sent).await? {
        return Err(wrong_code());
    }
    forget(app, purpose, user).await?;
    Ok(sent)
}

/// Notes that a code of an integration was right, as far as it compares codes. It was taken, whatever becomes of
/// that.
pub async fn note_verified(app: &App, sent: &SentCode, code: &str) {
    if let Err(error) = verified(app, sent, code).await {
        tracing::warn!(%error, "nobody is told that a code was verified");
    }
}

async fn verified(app: &App, sent: &SentCode, code: &str) -> Result<(), StoreError> {
    let request = app.store.code_request(&request_of(sent)).await?;
    if let Some(Ok(answered)) = request.map(|request| request.answered(code.trim(), runtime::now())) {
        app.store.replace_code_request(&answered).await?;
    }
    Ok(())
}

/// As which the calls of an integration know a code.
fn request_of(sent: &SentCode) -> CodeRequestId {
    CodeRequestId::derived(&["sent code", sent.user.as_str(), &sent.sent_at.to_string()])
}

/// What a code is sent over.
pub struct Road<'a> {
    /// What codes are asked for: [`LOGIN`] say.
    pub purpose: &'static str,
    /// Whose code it is, with their company; none for who only registers.
    pub person: Option<(&'a User, &'a Company)>,
    /// Who pays.
    pub company: &'a Company,
    pub agreement: &'a AgreementId,
    pub sender: &'a str,
    /// In whose statistics and records it is.
    pub integration: Option<&'a TwoFactorIntegration>,
}

impl Road<'_> {
    /// What is counted, with how many there are at most in a day. A phone that somebody has proved counts for them
    /// only: others who tell the same one do not use up what they log in with. And who registers keeps nobody from
    /// logging in, nor does one company those of another that the same one pays for, nor all of them those of the
    /// company that pays.
    fn caps(&self, id: &UserId, phone: &str) -> Vec<(String, u32)> {
        let (purpose, payer) = (self.purpose, &self.company.id);
        let mut caps = vec![(format!("{purpose} codes for {id}"), PER_PERSON_MAX)];
        if self.person.is_none_or(|(user, _)| !user.has_proved(phone)) {
            caps.push((format!("{purpose} code {phone}"), PER_PERSON_MAX));
        }
        match self.person {
            Some((_, company)) if company.id == *payer => {
                caps.push((format!("codes paid by {payer}"), PER_PAYER_MAX));
            }
            Some((_, company)) => {
                caps.push((format!("codes of {}", company.id), PER_COMPANY_MAX));
                caps.push((format!("codes paid by {payer} for others"), PER_PAYER_MAX));
            }
            None => caps.push((format!("{purpose} codes paid by {payer}"), PER_PAYER_MAX)),
        }
        caps
    }
}

/// Sends a code to whoever `id` stands for, unless one was sent a moment ago. One that is surely not sent is not
/// kept and not counted, so that the next try sends at once.
pub async fn send_over(
    app: &App,
    road: Road<'_>,
    id: &UserId,
    phone: &str,
    text: impl Fn(&str) -> String,
) -> Result<(), ApiError> {
    let now = runtime::now();
    let before = app.store.sent_code(id, road.purpose).await?;
    if before.as_ref().is_some_and(|sent| sent.is_on_its_way(phone, now)) {
        return Ok(());
    }
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
    let sent = SentCode {
        user: id.clone(),
        purpose: road.purpose.to_owned(),
        phone: phone.to_owned(),
        hash: hash(id, &code),
        sent_at: now,
    };
    if !app.store.put_sent_code(&sent, before.as_ref()).await? {
        // Another try of the same moment sends one.
        return Ok(());
    }
    let text = text(&code);
    let mut counted = Vec::new();
    let mut done = Ok(());
    for (name, most) in road.caps(id, phone) {
        let name = format!("{name} {}", now.as_second() / DAY_SECONDS);
        done = count_in_day(app, &road, &name, most, now).await;
        if done.is_err() {
            break;
        }
        counted.push(name);
    }
    if done.is_ok() {
        // On the heap: with all that sending needs, a login would not fit on a thread's stack.
        done = Box::pin(submit(app, &road, phone, &text, &sent, &code)).await;
    }
    if done.is_err() {
        // First, because a code that nobody was sent keeps the next one back.
        take_back(app, &sent, before.as_ref()).await?;
        for name in &counted {
            app.store.uncount_try(name).await?;
        }
    }
    done
}

/// At most so often in a day by UTC.
async fn count_in_day(
    app: &App,
    road: &Road<'_>,
    name: &str,
    most: u32,
    now: Timestamp,
) -> Result<(), ApiError> {
    let left = DAY_SECONDS - now.as_second() % DAY_SECONDS;
    let until = now + SignedDuration::from_secs(left);
    let counted = app.store.count_try(name, now, |so_far| (most <= so_far.count).then_some(until)).await?;
    if counted.is_ok() {
        return Ok(());
    }
    tracing::warn!(most, payer = %road.company.id, "the codes of a day are used up");
    if most == PER_PAYER_MAX
        && let Err(error) = tell_payer(app, road, name, now).await
    {
        tracing::error!(?error, payer = %road.company.id, "nobody is told that codes are used up");
    }
    Err(too_many(left))
}

/// Mails those who are told of the payer's account that one of its counts is used up, once a day.
async fn tell_payer(app: &App, road: &Road<'_>, count: &str, now: Timestamp) -> Result<(), ApiError> {
    let cause = format!("used up: {count}");
    if !app.store.begin_notice(&cause, now).await? {
        return Ok(());
    }
    let Some(agreement) = app.store.any_agreement(road.agreement).await? else { return Ok(()) };
    let emails = app.store.account_emails(&agreement).await?;
    let codes_for = match road.person {
        Some((_, company)) if company.id == road.company.id => "your people",
        Some(_) => "people of other companies",
        None => "people who register",
    };
    let values = [
        ("name", road.company.name.clone()),
        ("agreement_code", agreement.code.clone()),
        ("codes_max", PER_PAYER_MAX.to_string()),
        ("codes_for", codes_for.to_owned()),
    ];
    let event = NotificationEvent::CodesUsedUp;
    app.mail.send_all(&Mail::of_agreement(&agreement, event, &emails, &cause, values, now)).await?;
    Ok(app.store.end_notice(&cause, now).await?)
}

fn too_many(seconds: i64) -> ApiError {
    let detail = format!("Too many codes were sent today. Try again in {seconds} seconds.");
    Problem::new(429, "too_many_codes", detail).figure("retry_after", seconds).into()
}

/// Puts back the code from before one that was not sent.
async fn take_back(app: &App, sent: &SentCode, before: Option<&SentCode>) -> Result<(), ApiError> {
    match before {
        Some(before) => app.store.put_sent_code(before, Some(sent)).await?,
        None => app.store.spend_code(sent).await?,
    };
    Ok(())
}

/// Has a text sent and paid for. Where no answer says whether it is, it counts as sent: the code may come.
async fn submit(
    app: &App,
    road: &Road<'_>,
    phone: &str,
    text: &str,
    sent: &SentCode,
    code: &str,
) -> Result<(), ApiError> {
    let now = sent.sent_at;
    let named = |integration: &TwoFactorIntegration| Code {
        integration: integration.id.clone(),
        request: request_of(sent),
        result_url: None,
    };
    let (key, recipients) = (format!("login-code {}", token::random()), [phone.to_owned()]);
    let ask = Ask {
        company: road.company,
        user: None,
        key: &key,
        sender: road.sender,
        recipients: &recipients,
        text,
        client_reference: road.integration.map(|integration| integration.id.as_str()),
        segments_max: None,
        agreement: Some(road.agreement.as_str()),
        hash: token::hash(&key),
        code: road.integration.map(named),
    };
    let planner = Planner::new(app.store.clone(), app.secrets.clone(), app.targets).map_err(unavailable)?;
    let plan = planner.plan(&ask, now).await.map_err(|error| not_sent(&error.to_string()))?;
    let Some((recipient, _)) = plan.draft.wanted.first() else {
        return Err(not_sent("nothing can be sent to this number"));
    };
    if let Some(integration) = road.integration {
        let message = MessageId::of_request(&road.company.id, &key);
        let of = named(integration);
        let request = CodeRequest::new(of, integration, recipient.clone(), message, code, now);
        app.store.put_code_request(&request).await?;
    }
    match HotWallets::default().accept(&app.store, &plan.draft, None, now).await {
        Ok(_) => Ok(()),
        Err(AcceptError::Store(error @ StoreError::Aws { .. })) => {
            tracing::warn!(%error, "nobody knows whether a code was sent");
            Ok(())
        }
        Err(error) => Err(not_sent(&error.to_string())),
    }
}

/// The nearest company of the path that sends codes, with how.
async fn sender_of(app: &App, company: &Company) -> Result<Option<(Company, LoginCodes)>, ApiError> {
    for id in company.path.iter().rev() {
        if let Some(settings) = app.store.thing::<LoginCodes>(id.as_str()).await?
            && let Some(sender) = app.store.any_company(id).await?
        {
            return Ok(Some((sender, settings)));
        }
    }
    Ok(None)
}

/// 503: why is told to us only.
pub fn not_sent(reason: &str) -> ApiError {
    tracing::error!(reason, "a code was not sent");
    let detail = "No code could be sent to you. Ask your administrator.";
    Problem::new(503, "code_not_sent", detail).into()
}

/// A code has few digits, so its hash is of the user as well. It is good for minutes and three tries.
fn hash(user: &UserId, code: &str) -> String {
    token::hash(&format!("{user} {}", code.trim()))
}
