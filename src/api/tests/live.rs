use super::house::House;
use crate::access::Role;
use crate::bus::Happening;
use daak_domain::call::{CallEvent, CallId, Direction};
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Number, State};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A WebSocket by hand (RFC 6455): the handshake, and unfragmented text frames of a server.
struct Line(TcpStream);

impl Line {
    async fn open(house: &House, role: Role) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let router = house.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!(
            "GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
            house.token(role).await
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a head"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    async fn next(&mut self) -> Value {
        let read = async {
            let kind = self.0.read_u8().await.expect("a frame");
            let length = match self.0.read_u8().await.expect("a length") {
                126 => usize::from(self.0.read_u16().await.expect("a length")),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.expect("a payload");
            assert_eq!(kind, 0x81, "one text frame");
            serde_json::from_slice(&payload).expect("JSON")
        };
        tokio::time::timeout(Duration::from_secs(10), read).await.expect("a message in time")
    }
}

fn changed(department: &str) -> Happening {
    Happening::Ticket {
        number: Number::from_serial(1),
        seq: 2,
        state: State::Assigned,
        department: department.into(),
        emergency: false,
        office: department.into(),
        district: None,
        about: Vec::new(),
    }
}

fn arrived() -> Happening {
    let event = CallEvent::Arrived {
        direction: Direction::Inbound,
        caller: PhoneNumber::parse("9830012345").ok(),
        called: "1000".into(),
        at: daak_domain::Timestamp::UNIX_EPOCH,
    };
    Happening::Call { call: CallId(uuid::Uuid::nil()), event }
}

#[tokio::test]
async fn what_changes_is_told_as_the_role_may_know_it() {
    let house = House::open().await;
    let (mut agent, mut analyst) = (Line::open(&house, Role::Agent).await, Line::open(&house, Role::Analyst).await);
    assert_eq!(agent.next().await["type"], "hello");
    assert_eq!(analyst.next().await["role"], "analyst");
    house.bus.tell(Happening::Message { key: "k".into(), state: "sent".into() });
    house.bus.tell(arrived());
    house.bus.tell(changed("PWD"));
    let (seen, masked) = (agent.next().await, analyst.next().await);
    assert_eq!(
        (&seen["type"], &seen["event"]["caller"]),
        (&"call".into(), &"+919830012345".into()),
        "the outbox is not an agent's business"
    );
    assert_eq!(masked["event"]["caller"], "+91…345");
    assert_eq!(agent.next().await["number"], Number::from_serial(1).digits());
}

#[tokio::test]
async fn nobody_unknown_hears_anything() {
    let house = House::open().await;
    let request =
        axum::http::Request::get("/api/v1/live").header("upgrade", "websocket").body(axum::body::Body::empty()).expect("a request");
    assert_eq!(house.send(request).await.status, 401);
}
