//! The demonstration: made-up people and tickets, so that a newcomer finds a helpline at work.

use crate::access::{Access, Account, PersonRefused, Role};
use crate::config::Config;
use crate::config::secret::Secret;
use crate::config::section::desk::Agent;
use crate::config::section::sms::SmsDriver;
use crate::intake::Steps;
use crate::store::{Store, StoreError, TicketQuery};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Helpline, Refusal};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number};
use jiff::SignedDuration;
use serde::Deserialize;

/// The password of everybody in the demonstration.
pub const PASSWORD: &str = "daak-demonstration";

const PEOPLE: [(&str, Role, Option<&str>, &str); 7] = [
    ("rina", Role::Agent, None, "tele-caller, with a desk phone"),
    ("sumit", Role::Supervisor, None, "supervisor of the floor"),
    ("kabir", Role::Processor, None, "writes down what voices and letters say"),
    ("anita", Role::Officer, Some("PWD"), "nodal officer of the public works department"),
    ("tapas", Role::Officer, Some("DM-304"), "nodal officer of the District Magistrate of South 24 Parganas"),
    ("mitali", Role::Analyst, None, "analyst: sees where which scheme fails, and nobody's name"),
    ("admin", Role::Admin, None, "administrator"),
];

/// Why there is no demonstration.
#[derive(Debug, thiserror::Error)]
pub enum DemoRefused {
    /// Its passwords are known to everybody.
    #[error(
        "--demo listens on this machine only, because its passwords are in its source: set http.listen and sip.listen to 127.0.0.1, or leave --demo out"
    )]
    Open,
    /// Its numbers are made up, but may be somebody's.
    #[error("--demo sends no messages: set sms.driver = \"outbox\", or leave --demo out")]
    Sends,
    /// The data.
    #[error("the demonstration's tickets cannot be read ({0}): take the program and its data from the same version")]
    Data(String),
    /// A person.
    #[error(transparent)]
    Person(#[from] PersonRefused),
    /// The door.
    #[error("the demonstration's tickets cannot be laid down: {0}")]
    Door(#[from] Refusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the configuration one of a demonstration: a desk phone for `rina`.
///
/// # Errors
/// [`DemoRefused`] if the public could reach it.
pub fn prepare(config: &mut Config) -> Result<(), DemoRefused> {
    let sip = config.sip.listen.0.iter().map(|(_, address)| address);
    if !config.http.listen.0.iter().chain(sip).all(|address| address.ip().is_loopback()) {
        return Err(DemoRefused::Open);
    }
    if config.sms.driver != SmsDriver::Outbox {
        return Err(DemoRefused::Sends);
    }
    config.voice.numbers.entry("web".into()).or_insert_with(|| "helpline".into());
    if config.agents.is_empty() {
        let queues = config.queues.iter().map(|queue| queue.name.clone()).collect();
        config.agents.push(Agent {
            name: "rina".into(),
            queues,
            languages: Language::SERVED.to_vec(),
            contact: None,
            password: Some(Secret::new(PASSWORD)),
            always_ready: true,
        });
    }
    Ok(())
}

/// Lays down people and tickets where there are none, and answers lines for whoever started it.
///
/// # Errors
/// [`DemoRefused`].
pub async fn seed(store: &Store, access: &Access, helpline: &dyn Helpline, desk: &dyn Steps) -> Result<Vec<String>, DemoRefused> {
    let mut lines = Vec::new();
    for (name, role, of, what) in PEOPLE {
        let phone = PhoneNumber::parse("9000000000").ok();
        let of = of.map(str::to_owned);
        let (office, department) = if of.as_ref().is_some_and(|code| code.contains('-')) { (of, None) } else { (None, of) };
        let account = Account { name: name.into(), role, department, office, district: None, phone, disabled: false };
        match access.add(account, PASSWORD.into(), Timestamp::now()).await {
            Ok(()) | Err(PersonRefused::Taken(_)) => {}
            Err(why) => return Err(why.into()),
        }
        lines.push(format!("demo  {name:<6} {PASSWORD}  {role}: {what}"));
    }
    let empty = store.search(TicketQuery::default(), None, 1).await?.items.is_empty();
    if empty {
        let laid = tickets(helpline, desk).await?;
        tracing::info!(event = crate::observe::event::DEMO_SEEDED, tickets = laid);
    }
    Ok(lines)
}

/// A ticket of the demonstration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    channel: Channel,
    name: String,
    phone: String,
    language: Language,
    hours_ago: i64,
    text: String,
    /// What happened since: `take`, `note`, `atr`, `close`.
    #[serde(default)]
    then: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stories {
    stories: Vec<Story>,
}

fn stories() -> Result<Vec<Story>, DemoRefused> {
    toml::from_str::<Stories>(include_str!("stories.toml")).map(|s| s.stories).map_err(|why| DemoRefused::Data(why.message().to_owned()))
}

async fn tickets(helpline: &dyn Helpline, desk: &dyn Steps) -> Result<usize, DemoRefused> {
    let (stories, now) = (stories()?, Timestamp::now());
    let count = stories.len();
    for (place, story) in stories.into_iter().enumerate() {
        let begun = now.checked_sub(SignedDuration::from_hours(story.hours_ago)).unwrap_or(now);
        let contact = Contact {
            language: Some(story.language),
            ..Contact::new(
                story.channel,
                format!("demo:{place}"),
                begun,
                Sender { phone: PhoneNumber::parse(&story.phone).ok(), name: Some(story.name), ..Sender::default() },
                Statement::Written { text: story.text },
            )
        };
        let receipt = helpline.take_in(contact).await?;
        for (step, what) in story.then.iter().enumerate() {
            let after = SignedDuration::from_mins(20 * (step as i64 + 1));
            follow(desk, receipt.number, what, begun.checked_add(after).unwrap_or(now)).await?;
        }
    }
    Ok(count)
}

async fn follow(desk: &dyn Steps, number: Number, what: &str, at: Timestamp) -> Result<(), DemoRefused> {
    let body = match what {
        "take" => EventBody::Taken { officer: "rina".into() },
        "note" => EventBody::Noted { text: "Spoke with the office; they look at it tomorrow morning.".into(), attachments: Vec::new() },
        "atr" => EventBody::AtrSubmitted {
            closure_reason: "resolved".into(),
            remarks: "Done; the citizen was told by telephone.".into(),
            attachments: Vec::new(),
        },
        "close" => EventBody::Closed { closure: Closure::Confirmed, remarks: "Settled, as the citizen says.".into() },
        other => return Err(DemoRefused::Data(format!("{other:?} is no step of a story"))),
    };
    // Only the citizen's own word closes as confirmed.
    let by = if matches!(body, EventBody::Closed { .. }) { Actor::Citizen } else { Actor::Person { name: "rina".into() } };
    let event = Event { at, by, body };
    desk.append(number, None, event).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stories_can_be_read_and_their_steps_are_known() {
        let stories = stories().expect("they are valid");
        assert!(stories.len() >= 8);
        for story in &stories {
            assert!(PhoneNumber::parse(&story.phone).is_ok() && story.hours_ago >= 0, "{story:?}");
            assert!(story.then.iter().all(|step| ["take", "note", "atr", "close"].contains(&step.as_str())), "{story:?}");
        }
    }

    #[test]
    fn nobody_opens_the_demonstration_to_the_world() {
        let mut config = Config::defaults();
        prepare(&mut config).expect("the defaults are on loopback");
        assert_eq!(config.agents[0].queues, ["helpline"]);
        config.http.listen.0 = vec!["0.0.0.0:8080".parse().expect("an address")];
        assert!(matches!(prepare(&mut config), Err(DemoRefused::Open)));
        let mut config = Config::defaults();
        config.sms.driver = SmsDriver::Http;
        assert!(matches!(prepare(&mut config), Err(DemoRefused::Sends)));
    }
}
