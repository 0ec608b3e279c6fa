//! The floor with a telephone made of memory, on a clock that jumps to what is due.

use super::{AgentWish, Floor, FloorConfig, Ledger, Switchboard};
use crate::bus::{Bus, Happening};
use daak_domain::Timestamp;
use daak_domain::call::{
    AgentDevice, AgentId, Attending, CallCommand, CallEvent, CallId, CallRecord, Direction, EndReason, LeftQueue, OfferFailure, Party,
};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, QueueConfig};
use daak_domain::seam::{BoxFuture, Recall, Refusal};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the floor asked of the telephone.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Command(CallId, CallCommand),
    CallBack(Recall),
    Missed(Recall),
}

struct Telephone {
    asked: mpsc::UnboundedSender<Asked>,
    /// What calling back answers.
    dials: Mutex<Vec<Result<CallId, Refusal>>>,
    live: Mutex<Vec<CallId>>,
}

impl Switchboard for Telephone {
    fn command(&self, call: CallId, command: CallCommand) {
        let _ = self.asked.send(Asked::Command(call, command));
    }

    fn call_back(&self, recall: Recall) -> BoxFuture<'_, Result<CallId, Refusal>> {
        let _ = self.asked.send(Asked::CallBack(recall));
        let made = self.dials.lock().expect("whole").pop().unwrap_or(Err(Refusal::Unavailable("no trunk".into())));
        Box::pin(async move { made })
    }

    fn callback_missed(&self, recall: Recall) -> BoxFuture<'_, Result<(), Refusal>> {
        let _ = self.asked.send(Asked::Missed(recall));
        Box::pin(async { Ok(()) })
    }

    fn live(&self) -> Vec<CallId> {
        self.live.lock().expect("whole").clone()
    }
}

/// A ledger that is out of order for the first tries.
#[derive(Clone, Default)]
struct Book {
    kept: Arc<Mutex<Vec<CallId>>>,
    fails: Arc<Mutex<u32>>,
}

impl Ledger for Book {
    fn keep(&self, record: CallRecord) -> BoxFuture<'_, Result<(), Refusal>> {
        let mut fails = self.fails.lock().expect("whole");
        if *fails > 0 {
            *fails -= 1;
            return Box::pin(async { Err(Refusal::Unavailable("locked".into())) });
        }
        self.kept.lock().expect("whole").push(record.call);
        Box::pin(async { Ok(()) })
    }
}

struct House {
    floor: Floor,
    telephone: Arc<Telephone>,
    asked: mpsc::UnboundedReceiver<Asked>,
    book: Book,
    bus: Bus,
    closing: CancellationToken,
    work: tokio::task::JoinHandle<&'static str>,
}

fn call(n: u128) -> CallId {
    CallId(uuid::Uuid::from_u128(n))
}

fn agent(n: usize) -> AgentId {
    AgentId(format!("desk{n}"))
}

fn citizen() -> PhoneNumber {
    PhoneNumber::parse("9830012345").expect("a number")
}

fn opening() -> Timestamp {
    "2026-11-23T10:00:00+05:30".parse().expect("a time")
}

impl House {
    fn open(agents: usize, wrap_up: Duration) -> Self {
        let queue = QueueConfig {
            name: "helpline".into(),
            ring_for: Duration::from_secs(20),
            wrap_up,
            most: 1_000,
            longest_wait: Some(Duration::from_secs(900)),
            tell_place_every: None,
            needs_agents: true,
        };
        let one = |n| AgentConfig { agent: agent(n), queues: BTreeSet::from(["helpline".into()]), languages: BTreeSet::new(), fixed: true };
        let devices: HashMap<_, _> = (0..agents).map(|n| (agent(n), AgentDevice::Registered { user: format!("desk{n}") })).collect();
        let config = FloorConfig { queues: vec![queue], agents: (0..agents).map(one).collect(), devices };
        let (bus, book, closing, began) = (Bus::in_process(), Book::default(), CancellationToken::new(), tokio::time::Instant::now());
        let clock = move || opening().checked_add(began.elapsed()).expect("a time");
        let (floor, work) = Floor::start_by(clock, config, book.clone(), bus.clone(), closing.clone());
        let (sender, asked) = mpsc::unbounded_channel();
        let telephone = Arc::new(Telephone { asked: sender, dials: Mutex::default(), live: Mutex::default() });
        floor.join(telephone.clone());
        Self { floor, telephone, asked, book, bus, closing, work: tokio::spawn(work) }
    }

    fn arrives(&self, n: u128) {
        let arrived = CallEvent::Arrived { direction: Direction::Inbound, caller: Some(citizen()), called: "1000".into(), at: opening() };
        self.floor.call_event(call(n), arrived);
    }

    fn waits(&self, n: u128) {
        self.arrives(n);
        let since = opening().checked_add(Duration::from_millis(u64::try_from(n).expect("small"))).expect("a time");
        let waiting = CallEvent::Waiting { queue: "helpline".into(), language: Language::Bn, emergency: false, since };
        self.floor.call_event(call(n), waiting);
    }

    fn accepted(&self, n: u128, a: usize) {
        self.floor.call_event(call(n), CallEvent::OfferAccepted { agent: agent(a), at: opening() });
    }

    fn talked(&self, n: u128, a: usize) {
        self.floor.call_event(call(n), CallEvent::TalkEnded { agent: agent(a), by: Party::Caller, at: opening() });
    }

    fn ended(&self, n: u128) {
        let record = CallRecord {
            call: call(n),
            direction: Direction::Inbound,
            caller: Some(citizen()),
            called: "1000".into(),
            started_at: opening(),
            answered_at: None,
            ended_at: opening(),
            reason: EndReason::CallerHungUp,
            language: Language::Bn,
            tickets: Vec::new(),
            attended: Vec::new(),
            agent: None,
            waited: None,
            recording: None,
            quality: None,
            identity: None,
            path: Vec::new(),
        };
        self.floor.call_event(call(n), CallEvent::Ended { record: Box::new(record) });
    }

    /// The next thing asked of the telephone, places in the line left out; at most an hour of the test's clock later.
    async fn next(&mut self) -> Asked {
        let limit = Duration::from_secs(3_600);
        loop {
            match tokio::time::timeout(limit, self.asked.recv()).await.expect("something is asked").expect("the floor lives") {
                Asked::Command(_, CallCommand::Position { .. }) => {}
                asked => return asked,
            }
        }
    }

    async fn next_offer(&mut self) -> (CallId, AgentId) {
        match self.next().await {
            Asked::Command(call, CallCommand::Offer { agent, at, ring_for }) => {
                assert_eq!((at, ring_for.as_secs()), (AgentDevice::Registered { user: agent.0.clone() }, 20));
                (call, agent)
            }
            other => unreachable!("{other:?} instead of an offer"),
        }
    }

    /// Waits until the floor looks like this.
    async fn until(&self, what: &str, seen: impl Fn(&Floor) -> bool) {
        let wait = async {
            while !seen(&self.floor) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3_600), wait).await.unwrap_or_else(|_| unreachable!("never: {what}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_attends_a_talk_that_nobody_else_attends() {
    let mut house = House::open(3, Duration::ZERO);
    let (speaks, mitra, sen) = (agent(0), agent(1), agent(2));
    house.arrives(1);
    house.until("the call", |floor| floor.board().calls.contains_key(&call(1))).await;
    let why = house.floor.attend(&mitra, call(1), Some(Attending::Listen)).expect_err("nobody talks");
    assert!(why.contains("no agent speaks"), "{why}");
    house.accepted(1, 0);
    house.until("the talk", |floor| floor.board().speaks(&speaks, call(1))).await;
    assert!(house.floor.attend(&speaks, call(1), Some(Attending::Listen)).is_err(), "the own call");
    let stranger = AgentId("nobody".into());
    assert!(house.floor.attend(&stranger, call(1), Some(Attending::Listen)).expect_err("no telephone").contains("telephone"));
    assert!(house.floor.attend(&mitra, call(1), None).expect_err("not there").contains("first listen"));
    house.floor.attend(&mitra, call(1), Some(Attending::Whisper)).expect("asked");
    let at = AgentDevice::Registered { user: "desk1".into() };
    let attend = CallCommand::Attend { supervisor: mitra.clone(), at, how: Attending::Whisper };
    assert_eq!(house.next().await, Asked::Command(call(1), attend));
    let attended = |how| CallEvent::Attended { supervisor: mitra.clone(), how, at: opening() };
    house.floor.call_event(call(1), attended(Some(Attending::Whisper)));
    house.until("the supervisor", |floor| floor.board().calls[&call(1)].attended.is_some()).await;
    assert!(house.floor.attend(&sen, call(1), Some(Attending::Listen)).expect_err("one at a time").contains("one at a time"));
    house.floor.attend(&mitra, call(1), None).expect("taken over");
    assert_eq!(house.next().await, Asked::Command(call(1), CallCommand::TakeOver { supervisor: mitra.clone() }));
    house.floor.call_event(call(1), attended(None));
    house.until("the supervisor is gone", |floor| floor.board().calls[&call(1)].attended.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_freed_agent_rings_for_the_next_caller_in_the_same_moment() {
    let mut house = House::open(1, Duration::ZERO);
    house.waits(1);
    assert_eq!(house.next_offer().await, (call(1), agent(0)));
    house.accepted(1, 0);
    house.waits(2);
    let before = tokio::time::Instant::now();
    house.talked(1, 0);
    assert_eq!(house.next_offer().await, (call(2), agent(0)));
    assert_eq!(before.elapsed(), Duration::ZERO, "nothing was waited for");
}

#[tokio::test(start_paused = true)]
async fn a_wrap_up_ends_on_time_without_being_asked() {
    let mut house = House::open(1, Duration::from_secs(30));
    house.waits(1);
    house.next_offer().await;
    house.accepted(1, 0);
    house.waits(2);
    let before = tokio::time::Instant::now();
    house.talked(1, 0);
    assert_eq!(house.next_offer().await, (call(2), agent(0)));
    assert_eq!(before.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_asks_to_be_called_back_is_called_and_joined_with_the_agent_who_was_kept() {
    let mut house = House::open(1, Duration::ZERO);
    house.telephone.dials.lock().expect("whole").push(Ok(call(9)));
    house.waits(1);
    house.next_offer().await;
    house.accepted(1, 0);
    house.floor.call_event(
        call(2),
        CallEvent::Arrived {
            direction: Direction::Inbound,
            caller: PhoneNumber::parse("9830099999").ok(),
            called: "1000".into(),
            at: opening(),
        },
    );
    let waiting = CallEvent::Waiting { queue: "helpline".into(), language: Language::Hi, emergency: false, since: opening() };
    house.floor.call_event(call(2), waiting);
    house.floor.call_event(call(2), CallEvent::LeftQueue { why: LeftQueue::Callback, at: opening() });
    house.ended(2);
    house.until("a promise", |floor| floor.callbacks().len() == 1).await;
    house.talked(1, 0);
    let Asked::CallBack(recall) = house.next().await else { unreachable!("no callback") };
    assert_eq!((recall.number.as_str(), recall.language, recall.since), ("+919830099999", Language::Hi, opening()));
    house.until("the dialled call is known", |floor| floor.board().recalls.contains_key(&call(9))).await;
    house.waits(9);
    assert_eq!(house.next_offer().await, (call(9), agent(0)));
    house.accepted(9, 0);
    house.until("the promise is kept", |floor| floor.callbacks().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_only_rang_is_called_back_once() {
    let mut house = House::open(1, Duration::ZERO);
    for n in [7, 8] {
        let asked = CallEvent::CallbackAsked { number: citizen(), queue: "helpline".into(), language: Language::Hi, at: opening() };
        house.floor.call_event(call(n), asked);
        house.ended(n);
    }
    house.until("one promise", |floor| floor.callbacks().len() == 1).await;
    match house.next().await {
        Asked::CallBack(recall) => assert_eq!((recall.number, recall.language), (citizen(), Language::Hi)),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_cannot_be_dialled_is_tried_again_and_then_told() {
    let mut house = House::open(1, Duration::ZERO);
    house.waits(1);
    house.next_offer().await;
    house.floor.call_event(call(1), CallEvent::LeftQueue { why: LeftQueue::Callback, at: opening() });
    assert!(matches!(house.next().await, Asked::Command(_, CallCommand::WithdrawOffer { .. })));
    for _ in 0..3 {
        assert!(matches!(house.next().await, Asked::CallBack(_)));
    }
    assert!(matches!(house.next().await, Asked::Missed(recall) if recall.asked_in == call(1)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_is_out_of_the_floor_and_in_the_ledger_even_when_the_database_was_locked() {
    let mut house = House::open(1, Duration::ZERO);
    *house.book.fails.lock().expect("whole") = 3;
    house.waits(1);
    house.next_offer().await;
    house.accepted(1, 0);
    house.until("a talk", |floor| floor.board().distributor.queues()[0].talking == 1).await;
    house.ended(1); // without TalkEnded
    let book = house.book.kept.clone();
    house.until("a free agent", |floor| floor.board().distributor.queues()[0].ready == 1).await;
    assert!(house.floor.board().calls.is_empty());
    tokio::time::timeout(Duration::from_secs(60), async {
        while book.lock().expect("whole").is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("kept");
    assert_eq!(*book.lock().expect("whole"), [call(1)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_told_before_the_end_is_still_taken_in() {
    let house = House::open(1, Duration::ZERO);
    for n in 0..200 {
        house.arrives(n);
        house.ended(n);
    }
    house.closing.cancel();
    assert_eq!(house.work.await.expect("it ends"), "the floor");
    assert_eq!(house.book.kept.lock().expect("whole").len(), 200);
}

#[tokio::test(start_paused = true)]
async fn agents_come_pause_and_go_and_listeners_hear_of_it() {
    let mut house = House::open(1, Duration::ZERO);
    let mut heard = house.bus.listen();
    house.floor.agent_wishes(&agent(0), AgentWish::Paused("tea".into())).expect("known");
    assert_eq!(heard.recv().await.ok(), Some(Happening::Agent { agent: agent(0), presence: "paused".into() }));
    house.waits(1);
    house.floor.agent_wishes(&agent(0), AgentWish::Ready).expect("known");
    assert_eq!(house.next_offer().await, (call(1), agent(0)));
    house.floor.call_event(call(1), CallEvent::OfferFailed { agent: agent(0), why: OfferFailure::NoAnswer, at: opening() });
    house.floor.agent_wishes(&agent(0), AgentWish::Away).expect("known");
    assert_eq!(house.next().await, Asked::Command(call(1), CallCommand::ReturnToFlow { branch: "nobody".into() }));
    let unknown = house.floor.agent_wishes(&agent(7), AgentWish::Ready).expect_err("there is no such agent");
    assert!(unknown.contains("[[agents]]"), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn a_floor_that_lost_news_asks_the_telephone_which_calls_there_are() {
    let mut house = House::open(1, Duration::ZERO);
    house.waits(1);
    house.next_offer().await;
    house.accepted(1, 0);
    house.waits(2);
    house.until("two calls", |floor| floor.board().calls.len() == 2).await;
    *house.telephone.live.lock().expect("whole") = vec![call(2)];
    // More news than the mailbox holds, in one breath: some of it is lost.
    for n in 0..9_000 {
        house.floor.call_event(call(2), CallEvent::LanguageChosen { language: if n % 2 == 0 { Language::Bn } else { Language::Hi } });
    }
    assert_eq!(house.next_offer().await, (call(2), agent(0)), "the agent of the call that is no more is free");
}

/// How long it takes from the end of a talk to the order to ring, on the real clock; printed, not judged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_freed_to_ringing() {
    let mut house = House::open(60, Duration::ZERO);
    for n in 0..60 {
        house.waits(n);
    }
    let mut talking = Vec::new();
    for _ in 0..60 {
        let (call, agent) = house.next_offer().await;
        house.floor.call_event(call, CallEvent::OfferAccepted { agent: agent.clone(), at: opening() });
        talking.push((call, agent));
    }
    for n in 60..560 {
        house.waits(n);
    }
    let mut took = Vec::new();
    for turn in 0..500 {
        let (call, agent) = talking[turn % 60].clone();
        let before = Instant::now();
        house.floor.call_event(call, CallEvent::TalkEnded { agent: agent.clone(), by: Party::Caller, at: opening() });
        let (next, rung) = house.next_offer().await;
        took.push(before.elapsed());
        assert_eq!(rung, agent);
        house.floor.call_event(next, CallEvent::OfferAccepted { agent: rung.clone(), at: opening() });
        talking[turn % 60] = (next, rung);
    }
    took.sort_unstable();
    println!("from freed to ringing: p50 {:?}, p99 {:?}, worst {:?}", took[250], took[495], took[499]);
}
