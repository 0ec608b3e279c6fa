//! The day itself: callers come, wait, talk, give up; agents come, answer, rest.

use super::Report;
use super::chance::Chance;
use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallId, LeftQueue, OfferFailure};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, AgentState, Arrival, Distributor, Order, QueueConfig};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What kind of day it is.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Makes the day: the same seed is the same day.
    pub seed: u64,
    /// 1 is a usual day of 9,000 calls and 60 agents.
    pub scale: f64,
    /// How the queue works.
    pub queue: QueueConfig,
    /// Seconds within which a caller should be answered.
    pub goal_s: u64,
}

/// Calls of a usual day.
const CALLS: f64 = 9_000.0;
/// Calls in the first minute after opening.
const FIRST_MINUTE: f64 = 120.0;
/// Agents of a usual day.
const AGENTS: f64 = 60.0;
/// Calls of a flood, two hours and twenty minutes after opening, within ten minutes.
const FLOOD: f64 = 40.0;
const FLOOD_AT_S: f64 = 8_400.0;
/// The lines are open for nine hours.
const OPEN_S: f64 = 9.0 * 3_600.0;
/// Share of the day's calls in each hour.
const HOURS: [f64; 9] = [0.16, 0.15, 0.13, 0.11, 0.08, 0.09, 0.11, 0.10, 0.07];
/// Share of callers who ask for a person.
const ASK: f64 = 0.55;
/// A caller who is told of a longer wait may ask to be called back.
const LONG_WAIT: Duration = Duration::from_secs(90);

/// Runs the day.
pub fn day(plan: &Plan) -> Report {
    let begun = Instant::now();
    let mut day = Day::open(plan);
    while let Some((at, what)) = day.next() {
        day.now = at;
        day.happen(what);
    }
    day.close(begun.elapsed())
}

/// What happens at some time.
#[derive(Debug, Clone)]
enum What {
    Calls { emergency: bool },
    Asks { call: CallId, emergency: bool, language: Language },
    LosesPatience(CallId),
    WantsCallback(CallId),
    Answers { call: CallId, agent: AgentId },
    LetsRing { call: CallId, agent: AgentId },
    HangsUp { call: CallId, agent: AgentId },
    IsReached { callback: CallId, language: Language },
    IsNotReached(CallId),
    Rests(AgentId),
    Returns(AgentId),
}

/// A caller of the day.
struct Caller {
    since: Timestamp,
    emergency: bool,
    /// Was called back: the wait does not count.
    callback: bool,
}

struct Day {
    plan: Plan,
    chance: Chance,
    start: Timestamp,
    now: Timestamp,
    distributor: Distributor,
    agenda: BTreeMap<(Timestamp, u64), What>,
    entries: u64,
    waiting: HashMap<CallId, Caller>,
    ringing: HashMap<CallId, AgentId>,
    talking: HashMap<CallId, AgentId>,
    /// Callbacks that were promised and neither kept nor given up.
    promised: HashSet<CallId>,
    busy: Duration,
    report: Report,
}

impl Day {
    fn open(plan: &Plan) -> Self {
        // 9:00 on a Tuesday; any would do.
        let start = Timestamp::from_second(1_795_491_000).unwrap_or_default();
        let agents = (AGENTS * plan.scale).ceil().max(1.0) as usize;
        let names: Vec<AgentId> = (1..=agents).map(|n| AgentId(format!("agent{n}"))).collect();
        let queues = BTreeSet::from([plan.queue.name.clone()]);
        let config = |(n, agent): (usize, &AgentId)| AgentConfig {
            agent: agent.clone(),
            queues: queues.clone(),
            // Everybody speaks Bengali; every third Hindi, every sixth English.
            languages: [(1, Language::Bn), (3, Language::Hi), (6, Language::En)]
                .into_iter()
                .filter(|(every, _)| n % every == 0)
                .map(|(_, l)| l)
                .collect(),
            fixed: true,
        };
        let configs = names.iter().enumerate().map(config).collect();
        let distributor = Distributor::new(vec![plan.queue.clone()], configs, start);
        let mut day = Self {
            plan: plan.clone(),
            chance: Chance::new(plan.seed),
            start,
            now: start,
            distributor,
            agenda: BTreeMap::new(),
            entries: 0,
            waiting: HashMap::new(),
            ringing: HashMap::new(),
            talking: HashMap::new(),
            promised: HashSet::new(),
            busy: Duration::ZERO,
            report: Report { agents, goal_s: plan.goal_s, ..Report::default() },
        };
        day.plan_calls();
        day.plan_rests(&names);
        day
    }

    fn plan_calls(&mut self) {
        let scale = self.plan.scale;
        for (hour, share) in HOURS.iter().enumerate() {
            for _ in 0..(CALLS * scale * share) as usize {
                let at = (hour as f64 + self.chance.share()) * 3_600.0;
                let emergency = self.chance.happens(0.005);
                self.enter(at, What::Calls { emergency });
            }
        }
        for _ in 0..(FIRST_MINUTE * scale) as usize {
            let at = self.chance.between(0.0, 60.0);
            self.enter(at, What::Calls { emergency: false });
        }
        for _ in 0..(FLOOD * scale) as usize {
            let at = FLOOD_AT_S + self.chance.between(0.0, 600.0);
            self.enter(at, What::Calls { emergency: true });
        }
    }

    /// Half an hour of rest for each, spread over three hours in the middle of the day.
    fn plan_rests(&mut self, agents: &[AgentId]) {
        for (n, agent) in agents.iter().enumerate() {
            let from = 3.5 * 3_600.0 + 3.0 * 3_600.0 * n as f64 / agents.len() as f64;
            self.enter(from, What::Rests(agent.clone()));
            self.enter(from + 1_800.0, What::Returns(agent.clone()));
        }
    }

    /// Puts something on the agenda, so many seconds after opening.
    fn enter(&mut self, after_opening_s: f64, what: What) {
        self.entries += 1;
        let at = self.start.checked_add(SignedDuration::from_secs_f64(after_opening_s)).unwrap_or(self.start);
        self.agenda.insert((at, self.entries), what);
    }

    /// So many seconds from now.
    fn soon(&mut self, seconds: f64, what: What) {
        let after_opening = self.now.duration_since(self.start).as_secs_f64() + seconds;
        self.enter(after_opening, what);
    }

    /// What comes next: from the agenda, or a time at which the distributor wants to wake up. Two hours after closing the day is over.
    fn next(&mut self) -> Option<(Timestamp, Option<What>)> {
        let over = self.start.checked_add(SignedDuration::from_secs_f64(OPEN_S + 7_200.0)).ok()?;
        let wakeup = self.distributor.next_wakeup().filter(|_| !self.agenda.is_empty() || !self.waiting.is_empty());
        match (self.agenda.first_key_value().map(|((at, _), _)| *at), wakeup) {
            (Some(at), wakeup) if wakeup.is_none_or(|w| at <= w) => self.agenda.pop_first().map(|((at, _), what)| (at, Some(what))),
            (_, Some(wakeup)) => Some((wakeup.max(self.now), None)),
            _ => None,
        }
        .filter(|(at, _)| *at <= over)
    }

    fn happen(&mut self, what: Option<What>) {
        let now = self.now;
        let orders = match what {
            None => self.distributor.tick(now),
            Some(What::Calls { emergency }) => self.calls(emergency),
            Some(What::Asks { call, emergency, language }) => self.asks(call, emergency, language),
            Some(What::LosesPatience(call)) => self.leaves(call, LeftQueue::Abandoned),
            Some(What::WantsCallback(call)) => self.leaves(call, LeftQueue::Callback),
            Some(What::Answers { call, agent }) => self.answers(call, &agent),
            Some(What::LetsRing { call, agent }) => self.lets_ring(call, &agent),
            Some(What::HangsUp { call, agent }) => {
                self.talking.remove(&call);
                self.distributor.talk_ended(call, &agent, now)
            }
            Some(What::IsReached { callback, language }) => self.is_reached(callback, language),
            Some(What::IsNotReached(callback)) => self.distributor.callback_failed(callback, now),
            Some(What::Rests(agent)) => self.distributor.agent_away(&agent, now).unwrap_or_default(),
            Some(What::Returns(agent)) => self.distributor.agent_ready(&agent, now).unwrap_or_default(),
        };
        for order in orders {
            self.carry_out(order);
        }
        self.report.longest_line = self.report.longest_line.max(self.waiting.len());
    }

    fn calls(&mut self, emergency: bool) -> Vec<Order> {
        self.report.calls += 1;
        if emergency || self.chance.happens(ASK) {
            self.report.asked += 1;
            let call = CallId(Uuid::from_u128(self.report.calls as u128));
            let language = match self.chance.share() {
                s if s < 0.8 => Language::Bn,
                s if s < 0.95 => Language::Hi,
                _ => Language::En,
            };
            let in_flow = if emergency { self.chance.between(8.0, 20.0) } else { self.chance.between(25.0, 70.0) };
            self.soon(in_flow, What::Asks { call, emergency, language });
        }
        Vec::new()
    }

    fn asks(&mut self, call: CallId, emergency: bool, language: Language) -> Vec<Order> {
        self.waiting.insert(call, Caller { since: self.now, emergency, callback: false });
        let patience = self.chance.exponential(if emergency { 600.0 } else { 240.0 });
        self.soon(patience, What::LosesPatience(call));
        let arrival = Arrival { call, queue: self.plan.queue.name.clone(), language, emergency, since: self.now };
        self.distributor.caller_waits(arrival, self.now)
    }

    fn leaves(&mut self, call: CallId, why: LeftQueue) -> Vec<Order> {
        if self.waiting.remove(&call).is_none() {
            return Vec::new();
        }
        self.ringing.remove(&call);
        let number = match why {
            LeftQueue::Callback => {
                self.promised.insert(call);
                PhoneNumber::parse(&format!("+9190000{:05}", call.0.as_u128() % 100_000)).ok()
            }
            _ => {
                self.report.abandoned += 1;
                None
            }
        };
        self.distributor.caller_left(call, why, number, self.now)
    }

    fn answers(&mut self, call: CallId, agent: &AgentId) -> Vec<Order> {
        if self.ringing.get(&call) != Some(agent) {
            return Vec::new();
        }
        self.ringing.remove(&call);
        let Some(caller) = self.waiting.remove(&call) else { return Vec::new() };
        let taken = self.talking.values().any(|other| other == agent) || self.talking.contains_key(&call);
        self.report.doubled += usize::from(taken);
        self.talking.insert(call, agent.clone());
        self.report.answered += 1;
        let wait = self.now.duration_since(caller.since).as_secs_f64();
        match (caller.callback, caller.emergency) {
            (true, _) => self.report.called_back += 1,
            (false, emergency) => {
                self.report.waits.push(wait);
                if emergency {
                    self.report.emergency_waits.push(wait);
                }
            }
        }
        let talk = self.chance.lognormal(170.0, 0.6).clamp(10.0, 3_600.0);
        self.busy += Duration::from_secs_f64(talk) + self.plan.queue.wrap_up;
        self.soon(talk, What::HangsUp { call, agent: agent.clone() });
        self.distributor.offer_accepted(call, agent, self.now)
    }

    fn lets_ring(&mut self, call: CallId, agent: &AgentId) -> Vec<Order> {
        if self.ringing.get(&call) != Some(agent) {
            return Vec::new();
        }
        self.ringing.remove(&call);
        self.distributor.offer_failed(call, agent, OfferFailure::NoAnswer, self.now)
    }

    fn is_reached(&mut self, callback: CallId, language: Language) -> Vec<Order> {
        if !self.promised.remove(&callback) {
            return Vec::new();
        }
        let call = CallId(Uuid::from_u128(callback.0.as_u128() | 1 << 100));
        self.waiting.insert(call, Caller { since: self.now, emergency: false, callback: true });
        let arrival = Arrival { call, queue: self.plan.queue.name.clone(), language, emergency: false, since: self.now };
        self.distributor.callback_arrived(callback, arrival, self.now)
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Offer { call, agent, ring_for } => {
                self.report.doubled += usize::from(self.ringing.insert(call, agent.clone()).is_some());
                match self.chance.happens(0.98) {
                    true => {
                        let picks_up = self.chance.between(1.5, 5.0);
                        self.soon(picks_up, What::Answers { call, agent });
                    }
                    false => self.soon(ring_for.as_secs_f64(), What::LetsRing { call, agent }),
                }
            }
            Order::Withdraw { call, agent } => {
                if self.ringing.get(&call) == Some(&agent) {
                    self.ringing.remove(&call);
                }
            }
            Order::Position { call, wait, .. } => {
                let long = wait.is_some_and(|wait| wait > LONG_WAIT);
                let callback = self.waiting.get(&call).is_some_and(|caller| !caller.callback && !caller.emergency);
                if long && callback && self.chance.happens(0.3) {
                    self.soon(10.0, What::WantsCallback(call));
                }
            }
            Order::SendAway { call, .. } => {
                if self.waiting.remove(&call).is_some() {
                    self.report.sent_away += 1;
                }
            }
            Order::CallBack { call, language, .. } => {
                let rings = self.chance.between(6.0, 25.0);
                let what = if self.chance.happens(0.85) { What::IsReached { callback: call, language } } else { What::IsNotReached(call) };
                self.soon(rings, what);
            }
            Order::CallbackGivenUp { call, .. } => {
                if self.promised.remove(&call) {
                    self.report.not_reached += 1;
                }
            }
            Order::AgentChanged(agent) => {
                // An agent who did not answer looks up after a minute and is back.
                if self.distributor.state(&agent) == Some(AgentState::NotAnswering(None)) {
                    self.soon(60.0, What::Returns(agent));
                }
            }
        }
    }

    fn close(mut self, took: Duration) -> Report {
        let there = self.report.agents as f64 * (OPEN_S - 1_800.0);
        self.report.occupancy = (self.busy.as_secs_f64() / there).min(1.0);
        self.report.left_over = self.waiting.len() + self.promised.len();
        self.report.waits.sort_by(f64::total_cmp);
        self.report.emergency_waits.sort_by(f64::total_cmp);
        self.report.took = took;
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64, scale: f64) -> Plan {
        let seconds = Duration::from_secs;
        let queue = QueueConfig {
            name: "helpline".into(),
            ring_for: seconds(20),
            wrap_up: seconds(30),
            most: 200,
            longest_wait: Some(seconds(900)),
            tell_place_every: Some(seconds(45)),
            needs_agents: true,
        };
        Plan { seed, scale, queue, goal_s: 20 }
    }

    #[test]
    fn everybody_who_asked_is_accounted_for_and_nobody_had_two() {
        for seed in 1..=3 {
            let report = day(&plan(seed, 0.3));
            assert_eq!(
                report.asked,
                report.answered + report.abandoned + report.sent_away + report.not_reached + report.left_over,
                "{report}"
            );
            assert_eq!((report.doubled, report.left_over), (0, 0), "{report}");
            assert!(report.answered > report.asked / 2 && report.waits.len() + report.called_back == report.answered, "{report}");
        }
    }

    #[test]
    fn the_same_seed_is_the_same_day_and_another_is_another() {
        let without_time = |seed| Report { took: Duration::ZERO, ..day(&plan(seed, 0.1)) };
        assert_eq!(without_time(5), without_time(5));
        assert_ne!(without_time(5), without_time(6));
    }

    #[test]
    fn an_emergency_waits_for_a_free_agent_only() {
        let report = day(&plan(9, 0.3));
        let longest = report.emergency_waits.last().copied().unwrap_or_default();
        assert!(report.emergency_waits.len() > 10 && longest < 120.0, "{report}");
    }
}
