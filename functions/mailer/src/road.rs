//! Over which mail server a mail goes: that of the company in whose name it is, or of the nearest company
//! above that has one.

use anyhow::Context;
use domain::company::Company;
use domain::id::{CompanyId, OwnLegalEntityId};
use domain::notification::{NotificationChannel, choose_channel};
use queue::Mail;
use serde::Deserialize;

use crate::App;
use crate::smtp::Taken;

/// A channel and what it is logged in to with.
pub(crate) struct Road {
    pub channel: NotificationChannel,
    /// Of channels with a login.
    pub password: Option<String>,
}

impl Road {
    /// What went wrong with finding it is no fault of the mail, which is tried again; without any channel
    /// nobody would ever take it.
    pub async fn find(app: &App, mail: &Mail) -> Result<Self, Taken> {
        let channel = match mail {
            Mail::EventV1 { company, legal_entity, .. } => {
                nearest(app, company, legal_entity.as_ref()).await?
            }
            Mail::TestV1 { company, channel, .. } => {
                let channel = app.store.thing::<NotificationChannel>(channel.as_str()).await;
                let channel = channel.map_err(not_now)?.filter(|channel| channel.company == *company);
                channel.ok_or_else(|| Taken::Never("the channel was deleted".to_owned()))?
            }
        };
        let password = match channel.username {
            Some(_) => Some(password(app, &channel).await.map_err(not_now)?),
            None => None,
        };
        Ok(Self { channel, password })
    }
}

async fn nearest(
    app: &App,
    company: &CompanyId,
    legal_entity: Option<&OwnLegalEntityId>,
) -> Result<NotificationChannel, Taken> {
    let path = path(app, company).await.map_err(not_now)?;
    let mut any = false;
    for owner in path.iter().rev() {
        let channels = app.store.all_things::<NotificationChannel>(owner.as_str()).await.map_err(not_now)?;
        // Legal entities are those of the company itself.
        let entity = legal_entity.filter(|_| owner == company);
        if let Some(channel) = choose_channel(&channels, entity) {
            return Ok(channel.clone());
        }
        any |= !channels.is_empty();
    }
    match any {
        true => Err(Taken::NotNow("every notification channel is disabled".to_owned())),
        false => Err(Taken::Never("there is no notification channel".to_owned())),
    }
}

async fn path(app: &App, company: &CompanyId) -> anyhow::Result<Vec<CompanyId>> {
    let found: Option<Company> = app.store.any_company(company).await?;
    Ok(found.with_context(|| format!("{company} does not exist"))?.path)
}

async fn password(app: &App, channel: &NotificationChannel) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Login {
        password: String,
    }
    let login: Login = app.secrets.read_of(channel).await.context("no password")?;
    Ok(login.password)
}

/// Something of ours did not answer.
pub(crate) fn not_now(error: impl Into<anyhow::Error>) -> Taken {
    Taken::NotNow(format!("{:#}", error.into()))
}
