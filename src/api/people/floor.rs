//! The floor: queues, agents, calls.

use crate::access::{Act, Role, Sight};
use crate::api::extract::{Json, Path, Query};
use crate::api::page::Page;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::tickets::view::masked_phone;
use crate::api::who::Who;
use crate::observe::event;
use axum::extract::State as Joined;
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::call::{Attending, CallId, DeskAct};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the API asks of the floor. Answers come from memory and never wait.
pub trait Floor: Send + Sync + 'static {
    /// Every queue.
    fn queues(&self) -> Vec<QueueView>;
    /// Every agent.
    fn agents(&self) -> Vec<AgentView>;
    /// Every call in progress.
    fn calls(&self) -> Vec<CallView>;
    /// Does what an agent in a talk wants done with the caller.
    ///
    /// # Errors
    /// A sentence: it is not the agent's call, or there is nobody to give it to.
    fn desk(&self, agent: &str, call: CallId, act: DeskAct) -> Result<(), String>;
    /// Lets a supervisor attend a talk, or take it over.
    ///
    /// # Errors
    /// A sentence: nobody talks there, or the supervisor has no telephone.
    fn attend(&self, supervisor: &str, call: CallId, how: Attendance) -> Result<(), String>;
    /// Whether an agent speaks in a call, or did so lately.
    fn spoke(&self, agent: &str, call: CallId) -> bool;
    /// Makes an agent ready for calls, or not. The reason is that of a pause.
    ///
    /// # Errors
    /// A sentence: there is no such agent, or the state does not allow it.
    fn set_presence(&self, agent: &str, presence: Presence, reason: Option<&str>) -> Result<(), String>;
}

/// A queue, now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueView {
    /// Name.
    pub name: String,
    /// Callers waiting on the line.
    pub waiting: u32,
    /// People who hung up and will be called back at their place in the line.
    pub callbacks: u32,
    /// Seconds that somebody who came now should expect to wait; absent if nobody is at work.
    pub expected_wait_s: Option<f64>,
    /// Since when the first of them waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub longest_since: Option<Timestamp>,
    /// Agents ready for a call.
    pub ready: u32,
    /// Agents talking.
    pub talking: u32,
}

/// An agent, now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgentView {
    /// Sign-in name.
    pub name: String,
    /// `ready`, `ringing`, `calling_back`, `talking`, `wrap_up`, `not_answering`, `paused`, `away`.
    pub state: String,
    /// Why the agent takes no calls: the reason of a pause, or `no_answer`, `busy`, `declined`, `unreachable`.
    pub reason: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Of a wrap-up or a pause that ends by itself: when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Queues served.
    pub queues: Vec<String>,
}

/// A call, live or past.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallView {
    /// Its name.
    pub call: String,
    /// The other party's number, as your role may see it; absent when withheld.
    pub caller: Option<String>,
    /// The number dialled.
    pub called: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Of a call in progress: `flow`, `waiting`, `ringing`, `talking`. Absent once it is over.
    pub stage: Option<String>,
    /// Sign-in name of the agent.
    pub agent: Option<String>,
    /// First INVITE.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// The end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Seconds that the caller waited for a person.
    pub waited_s: Option<f64>,
    /// Tickets that it opened or touched.
    pub tickets: Vec<String>,
    /// Mean opinion score of the caller's line, 1 to 4.5.
    pub mos: Option<f32>,
    /// What came of the talk, as its agent said: a code of the masters.
    pub disposition: Option<String>,
    /// Sign-in names of supervisors: who attends now, or who attended.
    pub attended_by: Vec<String>,
    /// Of a call in progress that somebody attends: how.
    pub attended_how: Option<Attendance>,
}

impl CallView {
    fn seen_with(mut self, sight: Sight) -> Self {
        if sight == Sight::Masked {
            self.caller = self.caller.map(|number| masked_phone(&number));
        }
        self
    }
}

/// Whether an agent takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Ready for the next call; ends the wrap-up.
    Ready,
    /// No calls for a while; callers may wait for the agent to come back.
    Paused,
    /// Gone.
    Away,
}

/// How a supervisor attends a talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// Hear both, be heard by nobody.
    Listen,
    /// Hear both, be heard by the agent alone.
    Whisper,
    /// Hear both, be heard by both.
    Barge,
    /// Take the agent's place. Only for who attends already.
    TakeOver,
}

impl From<Attendance> for Option<Attending> {
    fn from(how: Attendance) -> Self {
        match how {
            Attendance::Listen => Some(Attending::Listen),
            Attendance::Whisper => Some(Attending::Whisper),
            Attendance::Barge => Some(Attending::Barge),
            Attendance::TakeOver => None,
        }
    }
}

impl From<Attending> for Attendance {
    fn from(how: Attending) -> Self {
        match how {
            Attending::Listen => Attendance::Listen,
            Attending::Whisper => Attendance::Whisper,
            Attending::Barge => Attendance::Barge,
        }
    }
}

/// How to attend.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewAttendance {
    /// Which way.
    pub how: Attendance,
}

/// Attend a talk: your telephone rings, and you hear both sides. Ask again to change how. It ends when you hang up, or with the talk.
/// The agent sees it, and it stays in the record of the call.
#[utoipa::path(
    post, path = "/api/v1/calls/{call}/attend", tag = "floor", request_body = NewAttendance,
    params(("call" = String, Path, description = "Name of the call")),
    responses((status = 202, description = "Your telephone rings"), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
pub async fn attend(
    Joined(parts): Joined<Parts>,
    who: Who,
    Path(call): Path<uuid::Uuid>,
    Json(wanted): Json<NewAttendance>,
) -> Answer<StatusCode> {
    who.may(Act::Attend, None)?;
    parts.floor.attend(&who.0.name, CallId(call), wanted.how).map_err(|why| Problem::conflict("attend", why))?;
    tracing::info!(event = event::CALL_ATTENDED, call = %call, supervisor = %who.0.name, how = ?wanted.how);
    Ok(StatusCode::ACCEPTED)
}

/// What presence to take.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewPresence {
    /// Which.
    pub presence: Presence,
    /// Of a pause: why, in a few words, for the supervisor.
    #[schema(max_length = 80)]
    pub reason: Option<String>,
}

/// Every queue, now.
#[utoipa::path(get, path = "/api/v1/queues", tag = "floor", responses((status = 200, body = Page<QueueView>)))]
pub async fn queues(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<Page<QueueView>>> {
    who.may(Act::ReadFloor, None)?;
    Ok(Json(Page { items: parts.floor.queues(), next: None }))
}

/// Every agent, now.
#[utoipa::path(get, path = "/api/v1/agents", tag = "floor", responses((status = 200, body = Page<AgentView>)))]
pub async fn agents(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<Page<AgentView>>> {
    who.may(Act::ReadFloor, None)?;
    Ok(Json(Page { items: parts.floor.agents(), next: None }))
}

/// Take calls, or no more. Agents do so for themselves, supervisors for others.
#[utoipa::path(
    put, path = "/api/v1/agents/{name}/presence", tag = "floor", request_body = NewPresence,
    params(("name" = String, Path, description = "Sign-in name of the agent")),
    responses((status = 204, description = "Done"), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
pub async fn presence(
    Joined(parts): Joined<Parts>,
    who: Who,
    Path(name): Path<String>,
    Json(wanted): Json<NewPresence>,
) -> Answer<StatusCode> {
    let own = name == who.0.name && !who.0.machine && who.0.role != Role::Admin;
    who.may(if own { Act::ChangeOwnPresence } else { Act::ChangeOthersPresence }, None)?;
    parts.floor.set_presence(&name, wanted.presence, wanted.reason.as_deref()).map_err(|why| Problem::conflict("presence", why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which calls.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallSearch {
    /// Calls in progress, instead of past ones.
    #[serde(default)]
    pub live: bool,
    /// What `next` was on the page before.
    pub cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Calls: those in progress, or those past, the newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "floor", params(CallSearch), responses((status = 200, body = Page<CallView>)))]
pub async fn calls(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<CallSearch>) -> Answer<Json<Page<CallView>>> {
    let sight = who.may(Act::ReadFloor, None)?;
    if wanted.live {
        let items = parts.floor.calls().into_iter().map(|call| call.seen_with(sight)).collect();
        return Ok(Json(Page { items, next: None }));
    }
    let page = crate::api::page::PageQuery { cursor: wanted.cursor, limit: wanted.limit };
    let past = parts.store.calls(page.cursor.as_deref(), page.limit()?).await.map_err(|why| crate::api::refused_by_store(&why))?;
    let ids: Vec<CallId> = past.items.iter().map(|record| record.call).collect();
    let dispositions = parts.store.dispositions(&ids).await.map_err(|why| crate::api::refused_by_store(&why))?;
    let view = |record: &daak_domain::call::CallRecord| CallView {
        disposition: dispositions.get(&record.call).cloned(),
        ..CallView::from(record).seen_with(sight)
    };
    let items = past.items.iter().map(view).collect();
    Ok(Json(Page { items, next: past.next }))
}

/// What came of a talk.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewDisposition {
    /// A code of the masters' `dispositions`.
    pub code: String,
    /// In your own words.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// The longest note.
const NOTE: usize = 500;

/// Say what came of a talk: of a call in which you spoke. A later word replaces the one before.
#[utoipa::path(
    put, path = "/api/v1/calls/{call}/disposition", tag = "floor", request_body = NewDisposition,
    params(("call" = String, Path, description = "Name of the call")),
    responses((status = 204, description = "Done"), (status = 403, body = Problem, content_type = "application/problem+json"))
)]
pub async fn disposition(
    Joined(parts): Joined<Parts>,
    who: Who,
    Path(call): Path<uuid::Uuid>,
    Json(said): Json<NewDisposition>,
) -> Answer<StatusCode> {
    who.may(Act::ChangeOwnPresence, None)?;
    parts.masters.know_disposition(&said.code)?;
    if said.note.as_ref().is_some_and(|note| note.chars().count() > NOTE) {
        return Err(Problem::invalid("note: expected at most 500 letters"));
    }
    let call = CallId(call);
    let lately = parts.floor.spoke(&who.0.name, call);
    let last =
        async || parts.store.call(call).await.map(|found| found.is_some_and(|record| record.agent.is_some_and(|a| a.0 == who.0.name)));
    if !lately && !last().await.map_err(|why| crate::api::refused_by_store(&why))? {
        return Err(Problem::forbidden("you did not speak in that call: only its agent may say what came of it"));
    }
    let disposition = crate::store::Disposition { call, agent: who.0.name.clone(), code: said.code, note: said.note, at: Timestamp::now() };
    parts.store.put_disposition(disposition).await.map_err(|why| crate::api::refused_by_store(&why))?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<&daak_domain::call::CallRecord> for CallView {
    fn from(record: &daak_domain::call::CallRecord) -> Self {
        let word = |value: serde_json::Result<serde_json::Value>| value.ok().and_then(|v| v.as_str().map(Into::into));
        Self {
            call: record.call.to_string(),
            caller: record.caller.as_ref().map(ToString::to_string),
            called: record.called.clone(),
            direction: word(serde_json::to_value(record.direction)).unwrap_or_default(),
            stage: None,
            agent: record.agent.as_ref().map(ToString::to_string),
            started_at: record.started_at,
            answered_at: record.answered_at,
            ended_at: Some(record.ended_at),
            reason: word(serde_json::to_value(record.reason)),
            waited_s: record.waited.map(|w| w.as_secs_f64()),
            tickets: record.tickets.iter().map(|n| n.digits()).collect(),
            mos: record.quality.map(|q| q.mos),
            disposition: None,
            attended_by: record.attended.iter().map(ToString::to_string).collect(),
            attended_how: None,
        }
    }
}
