//! The interpreter: one caller's walk through the flows.

use crate::act::{Act, CallFacts, Input, Piece, PlayId};
use crate::flow::Flows;
use crate::value::Value;
use crate::verb::Go;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Steps that may be taken at one moment. The checker proves that no flow needs as many; this keeps a flow that was never checked
/// from running for ever.
const AT_ONCE: usize = 64;
/// Steps that are remembered of the walk.
const REMEMBERED: usize = 256;
/// Steps of one call. Nobody needs as many; whoever presses the same keys for ever does not hold a line for ever.
const OF_A_CALL: u32 = 250;
/// The value that holds the number of the ticket which a call is about.
pub(crate) const ABOUT: &str = "number";
/// Whoever waits no longer than this for an answer is told nothing meanwhile.
const AT_ONCE_ANSWERED: Duration = Duration::from_millis(1_200);
/// Flows within flows.
const DEEP: usize = 8;

/// A walk through the flows.
#[derive(Debug)]
pub struct Session {
    flows: Arc<Flows>,
    at: Place,
    outer: Vec<Place>,
    visit: Visit,
    memory: Memory,
    path: Vec<String>,
    steps: u32,
    ended: bool,
}

#[derive(Debug, Clone)]
struct Place {
    flow: String,
    step: String,
}

/// What a verb remembers while it is the current step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visit {
    pub(crate) phase: u8,
    pub(crate) tries: u32,
    pub(crate) digits: String,
    playing: Option<PlayId>,
    timer: Option<u64>,
}

/// What the session remembers throughout.
#[derive(Debug)]
struct Memory {
    caller: Option<PhoneNumber>,
    called: String,
    language: Language,
    language_known: bool,
    values: BTreeMap<String, Value>,
    next_play: u64,
    next_timer: u64,
}

/// What a verb sees and does.
pub(crate) struct Scene<'a> {
    pub(crate) visit: &'a mut Visit,
    memory: &'a mut Memory,
    flows: &'a Flows,
    flow: &'a str,
    acts: &'a mut Vec<Act>,
}

impl Session {
    /// Begins a flow; the acts are to be done at once, in order.
    pub fn start(flows: &Arc<Flows>, flow: &str, facts: CallFacts) -> (Self, Vec<Act>) {
        let first = flows.flows.get(flow).map(|f| f.start.clone()).unwrap_or_default();
        let about = facts.about.map(|number| (ABOUT.to_owned(), Value::Ticket(number)));
        let memory = Memory {
            caller: facts.caller,
            called: facts.called,
            language: facts.language,
            language_known: facts.language_known,
            values: about.into_iter().collect(),
            next_play: 1,
            next_timer: 1,
        };
        let at = Place { flow: flow.to_owned(), step: first };
        let mut session =
            Self { flows: flows.clone(), at, outer: Vec::new(), visit: Visit::default(), memory, path: Vec::new(), steps: 0, ended: false };
        let mut acts = Vec::new();
        session.enter(&mut acts);
        (session, acts)
    }

    /// Something happened.
    pub fn on(&mut self, input: Input, _now: Timestamp) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.ended {
            return acts;
        }
        let go = self.with_scene(&mut acts, |verb, scene| verb.on(&input, scene));
        match go {
            Some(Go::Stay) => {}
            Some(go) => {
                self.go(go, &mut acts);
                self.enter(&mut acts);
            }
            None => self.give_up(&mut acts),
        }
        self.note_end(&acts);
        acts
    }

    /// The steps that were visited, as `flow.step`, the first ones if there were very many.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether the flow has ended the call.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    /// The flow and step at this moment.
    pub fn place(&self) -> (&str, &str) {
        (&self.at.flow, &self.at.step)
    }

    /// Enters the current step, and those that follow at once.
    fn enter(&mut self, acts: &mut Vec<Act>) {
        for _ in 0..AT_ONCE {
            if self.ended {
                return;
            }
            self.steps += 1;
            if self.steps > OF_A_CALL {
                return self.give_up(acts);
            }
            if self.path.len() < REMEMBERED {
                self.path.push(format!("{}.{}", self.at.flow, self.at.step));
            }
            self.visit = Visit::default();
            match self.with_scene(acts, |verb, scene| verb.enter(scene)) {
                Some(Go::Stay) => return self.note_end(acts),
                Some(go) => self.go(go, acts),
                None => return self.give_up(acts),
            }
        }
        self.give_up(acts);
    }

    fn go(&mut self, go: Go, acts: &mut Vec<Act>) {
        match go {
            Go::Stay => {}
            Go::To(step) => self.at.step = step,
            Go::Into(flow, then) => {
                let start = self.flows.flows.get(&flow).map(|f| f.start.clone());
                match start.filter(|_| self.outer.len() < DEEP) {
                    Some(step) => {
                        self.outer.push(Place { flow: self.at.flow.clone(), step: then });
                        self.at = Place { flow, step };
                    }
                    None => self.give_up(acts),
                }
            }
            Go::Back => match self.outer.pop() {
                Some(place) => self.at = place,
                None => self.give_up(acts),
            },
        }
    }

    /// A flow that was never checked has led nowhere: the call ends rather than fall silent.
    fn give_up(&mut self, acts: &mut Vec<Act>) {
        acts.push(Act::HangUp);
        self.ended = true;
    }

    fn note_end(&mut self, acts: &[Act]) {
        self.ended |= acts.iter().any(|act| matches!(act, Act::HangUp));
    }

    fn with_scene(&mut self, acts: &mut Vec<Act>, deed: impl FnOnce(&dyn crate::verb::Verb, &mut Scene<'_>) -> Go) -> Option<Go> {
        let flows = self.flows.clone();
        let step = flows.step(&self.at.flow, &self.at.step)?;
        let mut scene = Scene { visit: &mut self.visit, memory: &mut self.memory, flows: &flows, flow: &self.at.flow, acts };
        Some(deed(step.verb(), &mut scene))
    }
}

impl Scene<'_> {
    pub(crate) fn act(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// Plays prompts of the catalogue. One that needs a value which is not known is left out.
    pub(crate) fn play(&mut self, prompts: &[String]) {
        let pieces = prompts.iter().flat_map(|name| self.flows.prompts.pieces(name, self.memory.language, &self.memory.values)).collect();
        self.play_pieces(pieces);
    }

    pub(crate) fn play_pieces(&mut self, pieces: Vec<Piece>) {
        // Nothing to say takes a moment too, so that the flow goes on by itself.
        let pieces = if pieces.is_empty() { vec![Piece::Silence(100)] } else { pieces };
        let id = PlayId(self.memory.next_play);
        self.memory.next_play += 1;
        self.visit.playing = Some(id);
        self.acts.push(Act::Play(pieces, id));
    }

    pub(crate) fn is_playing(&self, id: PlayId) -> bool {
        self.visit.playing == Some(id)
    }

    /// Stops what this step plays.
    pub(crate) fn stop(&mut self) {
        if self.visit.playing.take().is_some() {
            self.acts.push(Act::StopPlaying);
        }
    }

    /// Arms this step's timer; it has one.
    pub(crate) fn timer(&mut self, after: Duration) {
        self.cancel_timer();
        let id = self.memory.next_timer;
        self.memory.next_timer += 1;
        self.visit.timer = Some(id);
        self.acts.push(Act::SetTimer { id, after });
    }

    /// Waits for an answer for at most `limit`; `prompts` are said only if it is not there at once, so that nothing is cut off.
    pub(crate) fn await_answer(&mut self, prompts: &[String], limit: Duration) {
        let soon = if prompts.is_empty() { limit } else { limit.min(AT_ONCE_ANSWERED) };
        self.timer(soon);
    }

    /// The timer of [`Scene::await_answer`] ran out: whether the limit is reached. If not, the prompts are said.
    pub(crate) fn gave_up_waiting(&mut self, prompts: &[String], limit: Duration) -> bool {
        let left = limit.saturating_sub(AT_ONCE_ANSWERED);
        if self.visit.phase > 0 || prompts.is_empty() || left.is_zero() {
            return true;
        }
        self.visit.phase = 1;
        self.play(prompts);
        self.timer(left);
        false
    }

    pub(crate) fn is_timer(&self, id: u64) -> bool {
        self.visit.timer == Some(id)
    }

    pub(crate) fn cancel_timer(&mut self) {
        if let Some(id) = self.visit.timer.take() {
            self.acts.push(Act::CancelTimer { id });
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.memory.values.insert(name.to_owned(), value);
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.memory.values.remove(name);
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.memory.values.get(name)
    }

    pub(crate) fn set_language(&mut self, language: Language) {
        self.memory.language = language;
        self.memory.language_known = true;
        self.acts.push(Act::SetLanguage(language));
    }

    pub(crate) fn caller(&self) -> Option<&PhoneNumber> {
        self.memory.caller.as_ref()
    }

    /// Whether a step of this flow keeps the caller's place in the line.
    pub(crate) fn keeps_place(&self, step: &str) -> bool {
        self.flows.step(self.flow, step).is_some_and(|step| step.verb().keeps_place())
    }

    /// What a branch compares with.
    pub(crate) fn content(&self, name: &str) -> String {
        match name {
            "language" => self.memory.language.code().to_owned(),
            "language_known" => self.memory.language_known.to_string(),
            "caller_known" => self.memory.caller.is_some().to_string(),
            "number_known" => self.memory.values.contains_key(ABOUT).to_string(),
            "called" => self.memory.called.clone(),
            other => self.memory.values.get(other).map(Value::content).unwrap_or_default(),
        }
    }
}
