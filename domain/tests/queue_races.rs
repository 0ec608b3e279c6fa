//! News and commands take time and cross each other. The floor's picture may be wrong for a moment; it must never leave an agent
//! or a caller behind.

mod floor_world;

use daak_domain::call::{CallId, LeftQueue, OfferFailure};
use daak_domain::queue::{AgentState, Distributor, Order};
use floor_world::{agent, arrival, at, call, floor, number};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Post {
    // to the floor
    Waits,
    Left,
    Accepted(usize),
    Failed(usize, u8),
    Talked(usize),
    Ended,
    // to the call
    Ring(usize),
    StopRinging(usize),
    SentAway,
    // what people do
    Picks(usize, u32),
    LetsRing(usize, u32),
    HangsUp,
}

/// A call as the telephone has it.
#[derive(Debug, Clone, Default)]
struct Line {
    waits: bool,
    /// The agent's telephone, and which of the offers it is.
    far: Option<(usize, u32, bool)>,
    over: bool,
    offers: u32,
    answered: bool,
}

struct World {
    floor: Distributor,
    now: i64,
    chance: u64,
    post: BTreeSet<(i64, u32, CallId, Post)>,
    posted: u32,
    /// Per call and direction: news keeps its order.
    latest: BTreeMap<(CallId, bool), i64>,
    lines: BTreeMap<CallId, Line>,
    /// What each agent's telephone is busy with.
    phones: BTreeMap<usize, CallId>,
    joined_twice: bool,
}

impl World {
    fn new(agents: usize, seed: u64) -> Self {
        Self {
            floor: floor(agents, Duration::from_secs(2)),
            now: 0,
            chance: seed | 1,
            post: BTreeSet::new(),
            posted: 0,
            latest: BTreeMap::new(),
            lines: BTreeMap::new(),
            phones: BTreeMap::new(),
            joined_twice: false,
        }
    }

    /// A number below `limit` (xorshift).
    fn chance(&mut self, limit: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % limit
    }

    fn send(&mut self, call: CallId, post: Post, after: i64) {
        let to_floor = matches!(post, Post::Waits | Post::Left | Post::Accepted(_) | Post::Failed(..) | Post::Talked(_) | Post::Ended);
        let to_call = matches!(post, Post::Ring(_) | Post::StopRinging(_) | Post::SentAway);
        let mut when = self.now + after;
        if to_floor || to_call {
            let latest = self.latest.entry((call, to_floor)).or_default();
            when = when.max(*latest);
            *latest = when;
        }
        self.posted += 1;
        self.post.insert((when, self.posted, call, post));
    }

    fn tell(&mut self, call: CallId, post: Post) {
        let delay = i64::try_from(self.chance(400)).expect("small");
        self.send(call, post, delay);
    }

    fn obey(&mut self, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Offer { call, agent, .. } => self.tell(call, Post::Ring(number(&agent))),
                Order::Withdraw { call, agent } => self.tell(call, Post::StopRinging(number(&agent))),
                Order::SendAway { call, .. } => self.tell(call, Post::SentAway),
                _ => {}
            }
        }
    }

    /// One step; false when nothing is on its way.
    fn step(&mut self) -> bool {
        let next = self.post.first().map(|(when, ..)| *when);
        let due = self.floor.next_wakeup().map(|due| i64::try_from(due.duration_since(at(0)).as_millis()).expect("small") + 1);
        let wake = due.filter(|due| next.is_none_or(|next| *due < next));
        if let Some(wake) = wake.filter(|_| next.is_some() || self.busy()) {
            self.now = self.now.max(wake);
            let orders = self.floor.tick(at(self.now));
            self.obey(orders);
            return true;
        }
        let Some((when, _, call, post)) = self.post.pop_first() else { return false };
        self.now = self.now.max(when);
        self.deliver(call, post);
        true
    }

    fn busy(&self) -> bool {
        self.lines.values().any(|line| !line.over) || self.floor.agents().iter().any(|a| a.state.call().is_some())
    }

    fn deliver(&mut self, call: CallId, post: Post) {
        let now = at(self.now);
        let orders = match post {
            Post::Waits => {
                let n = call.0.as_u128();
                let mut caller = arrival(n, self.now);
                caller.emergency = n.is_multiple_of(11);
                self.floor.caller_waits(caller, now)
            }
            Post::Left => self.floor.caller_left(call, LeftQueue::Abandoned, None, now),
            Post::Accepted(a) => self.floor.offer_accepted(call, &agent(a), now),
            Post::Failed(a, why) => {
                let why = [OfferFailure::Withdrawn, OfferFailure::Busy, OfferFailure::NoAnswer][usize::from(why)];
                self.floor.offer_failed(call, &agent(a), why, now)
            }
            Post::Talked(a) => self.floor.talk_ended(call, &agent(a), now),
            Post::Ended => self.floor.call_ended(call, now),
            in_call => return self.in_call(call, in_call),
        };
        self.obey(orders);
    }

    /// What the call does, as the real one does it.
    fn in_call(&mut self, call: CallId, post: Post) {
        let mut line = self.lines.remove(&call).unwrap_or_default();
        match post {
            Post::Ring(a) if !line.waits || line.far.is_some() => self.tell(call, Post::Failed(a, 0)),
            Post::Ring(a) if self.phones.contains_key(&a) => self.tell(call, Post::Failed(a, 1)),
            Post::Ring(a) => {
                line.offers += 1;
                line.far = Some((a, line.offers, false));
                self.phones.insert(a, call);
                let patience = i64::try_from(self.chance(25_000)).expect("small");
                let picks = if patience < 20_000 { Post::Picks(a, line.offers) } else { Post::LetsRing(a, line.offers) };
                self.send(call, picks, patience.min(20_000));
            }
            Post::StopRinging(a) if line.far.is_some_and(|(rung, _, joined)| rung == a && !joined) => self.drop_offer(call, &mut line),
            Post::Picks(a, offer) if line.far == Some((a, offer, false)) => {
                self.joined_twice |= line.answered && line.far.is_some_and(|(_, _, joined)| joined);
                line.far = Some((a, offer, true));
                (line.waits, line.answered) = (false, true);
                self.tell(call, Post::Accepted(a));
                let talk = 1_000 + i64::try_from(self.chance(60_000)).expect("small");
                self.send(call, Post::HangsUp, talk);
            }
            Post::LetsRing(a, offer) if line.far == Some((a, offer, false)) => {
                line.far = None;
                self.phones.remove(&a);
                self.tell(call, Post::Failed(a, 2));
            }
            Post::SentAway if line.waits => {
                self.drop_offer(call, &mut line);
                line.waits = false;
                self.tell(call, Post::Left);
                self.send(call, Post::HangsUp, 10);
            }
            Post::HangsUp if !line.over => {
                self.drop_offer(call, &mut line);
                if let Some((a, _, true)) = line.far.take() {
                    self.phones.remove(&a);
                    self.tell(call, Post::Talked(a));
                } else if line.waits {
                    self.tell(call, Post::Left);
                }
                (line.waits, line.over) = (false, true);
                self.tell(call, Post::Ended);
            }
            _ => {}
        }
        self.lines.insert(call, line);
    }

    fn drop_offer(&mut self, call: CallId, line: &mut Line) {
        if let Some((a, _, false)) = line.far {
            line.far = None;
            self.phones.remove(&a);
            self.tell(call, Post::Failed(a, 0));
        }
    }

    /// A caller who comes at a time, and perhaps loses patience.
    fn caller(&mut self, n: u128, comes: i64, patience: Option<i64>) {
        self.lines.insert(call(n), Line { waits: true, ..Line::default() });
        self.send(call(n), Post::Waits, comes);
        if let Some(patience) = patience {
            self.send(call(n), Post::HangsUp, comes + patience);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn crossing_news_leaves_nobody_behind(
        seed in any::<u64>(),
        callers in proptest::collection::vec((0i64..120_000, proptest::option::weighted(0.4, 0i64..60_000)), 1..40),
        moods in proptest::collection::vec((0usize..3, 0u8..3), 0..40),
    ) {
        let mut world = World::new(3, seed);
        for (n, (comes, patience)) in (1u128..).zip(&callers) {
            world.caller(n, *comes, *patience);
        }
        let mut moods = moods.into_iter();
        let mut steps = 0;
        while world.step() {
            steps += 1;
            prop_assert!(steps < 20_000, "the floor goes round in circles");
            if steps % 7 == 0 && let Some((n, mood)) = moods.next() {
                let now = at(world.now);
                let orders = match mood {
                    0 => world.floor.agent_away(&agent(n), now),
                    1 => world.floor.agent_paused(&agent(n), "tea", now),
                    _ => world.floor.agent_ready(&agent(n), now),
                };
                world.obey(orders.expect("known"));
            }
            let mut with = BTreeSet::new();
            for seen in world.floor.agents() {
                if let AgentState::Talking(call) | AgentState::Ringing(call) = seen.state {
                    prop_assert!(with.insert(call), "the floor believes that two agents have one caller");
                }
            }
        }
        prop_assert!(world.lines.values().all(|line| line.over), "a caller was left behind");
        prop_assert!(world.phones.is_empty() && !world.joined_twice);
        prop_assert_eq!(world.floor.queues()[0].waiting, 0);
        for seen in world.floor.agents() {
            prop_assert!(seen.state.call().is_none(), "{} is still {}", seen.agent, seen.state.name());
        }
    }
}
