//! A trunk of another make: Kamailio, to which we register, by which we call and are called.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use support::{Program, Server, Sipp, called_sipp, capabilities, config, eventually, folder, free_port};
use voice_sip::{CallerLine, DialSpec, LegEnd, LegEvent, Offers, Target, Transport, TrunkAccount, TrunkConfig};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn kamailio(agent: SocketAddr) -> (Program, Folder, SocketAddr) {
    let port = free_port();
    let place = Folder(std::env::temp_dir().join(format!("voice-sip-kamailio-{port}")));
    std::fs::create_dir_all(&place.0).unwrap();
    let text = std::fs::read_to_string(folder("kamailio/kamailio.cfg")).unwrap();
    let file = place.0.join("kamailio.cfg");
    std::fs::write(&file, text.replace("PORT", &port.to_string()).replace("AGENT", &agent.port().to_string())).unwrap();
    let mut command = Command::new("kamailio");
    command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(&file).arg("-w").arg(&place.0).arg("-Y").arg(&place.0);
    (Program::start(&mut command), place, SocketAddr::from(([127, 0, 0, 1], port)))
}

#[tokio::test(flavor = "multi_thread")]
async fn we_register_with_kamailio_call_by_it_and_are_called_by_it() {
    let (agent, agent_at) = called_sipp("agent_waits.xml", 1);
    let (_kamailio, _place, at) = kamailio(agent_at);
    let mut config = config();
    let trunk = |name: &str, at: SocketAddr, register| TrunkConfig {
        name: name.into(),
        uri: format!("sip:{at}"),
        register,
        shows: None,
        srtp: None,
    };
    let account = TrunkAccount { user: "9133".into(), password: "secret".into() };
    let dead = SocketAddr::from(([127, 0, 0, 1], free_port()));
    config.trunks = vec![trunk("dead", dead, None), trunk("kamailio", at, Some(account))];
    let server = Server::start(config).await;
    let status = |name: &str| server.stack.trunks().into_iter().find(|t| t.name == name).expect("the trunk");
    eventually("we are registered", || status("kamailio").detail.starts_with("registered for ")).await;

    // Out: the first trunk does not answer, the second asks who we are.
    let offer = Offers::of(&capabilities(), ([127, 0, 0, 1], 4_000).into());
    let from = CallerLine { user: "9133".into(), display: Some("Helpline".into()) };
    let target = Target::Trunk { number: "7001".into() };
    let spec = DialSpec { target, from, offer, ring_for: Duration::from_secs(30), headers: Vec::new() };
    let mut leg = server.stack.dial(spec).await.expect("dialled");
    loop {
        match tokio::time::timeout(support::LIMIT, leg.events.recv()).await.expect("in time").expect("an event") {
            LegEvent::Answered(answer) => {
                assert!(answer.is_some());
                leg.control.hang_up();
            }
            LegEvent::Ended(end) => {
                assert_eq!(end, LegEnd::LocalBye);
                break;
            }
            _ => {}
        }
    }
    assert!(agent.succeeds().await, "the agent behind Kamailio got our ACK and BYE");
    eventually("the dead trunk is known to be down", || !status("dead").up).await;

    // In: whoever calls our number at Kamailio reaches us.
    Sipp { scenario: "caller_hangs_up.xml", to: at, number: "9133", calls: 5, rate: 5, transport: "u1" }.assert_all_calls_succeed().await;
    let _ = server.at(Transport::Udp);
    server.assert_quiet().await;
    assert_eq!(server.ends.remote_bye.load(std::sync::atomic::Ordering::Relaxed), 5);
}
