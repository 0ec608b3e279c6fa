use super::*;
use proptest::prelude::*;

fn there_and_back(pdu: &Pdu) -> Pdu {
    let mut octets = Vec::new();
    pdu.write(&mut octets);
    let read = take(&mut octets).expect("well-formed").expect("whole");
    assert!(octets.is_empty());
    read
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+]{0,20}"
}

fn address() -> impl Strategy<Value = Address> {
    (0u8..7, 0u8..10, word()).prop_map(|(ton, npi, text)| Address { ton, npi, text })
}

fn short() -> impl Strategy<Value = Short> {
    let octets = || proptest::collection::vec(any::<u8>(), 0..255);
    let tlvs = proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..5);
    ((word(), address(), address(), word()), (any::<u8>(), any::<u8>(), any::<u8>()), octets(), tlvs).prop_map(
        |((service_type, source, destination, validity), (esm_class, registered_delivery, data_coding), octets, tlvs)| Short {
            service_type,
            source,
            destination,
            esm_class,
            validity,
            registered_delivery,
            data_coding,
            octets,
            tlvs,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let way = || prop_oneof![Just(BindAs::Receiver), Just(BindAs::Transmitter), Just(BindAs::Transceiver)];
    let bind = (word(), word(), word()).prop_map(|(system_id, password, system_type)| Bind { system_id, password, system_type });
    prop_oneof![
        (way(), bind).prop_map(|(kind, bind)| Body::Bind(kind, bind)),
        (way(), word()).prop_map(|(kind, id)| Body::BindResp(kind, id)),
        short().prop_map(Body::Submit),
        short().prop_map(Body::Deliver),
        short().prop_map(|short| Body::Data(Short { octets: Vec::new(), validity: String::new(), ..short })),
        word().prop_map(Body::SubmitResp),
        Just(Body::DeliverResp),
        Just(Body::DataResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::Nack),
        (0x200u32..0x300).prop_map(Body::Other),
    ]
}

proptest! {
    #[test]
    fn every_unit_comes_back(sequence in any::<u32>(), body in body()) {
        let pdu = Pdu::request(sequence, body);
        prop_assert_eq!(there_and_back(&pdu), pdu);
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_units(bodies in proptest::collection::vec(body(), 1..6), cut in 1usize..40) {
        let sent: Vec<_> = (1u32..).zip(bodies).map(|(sequence, body)| Pdu::request(sequence, body)).collect();
        let mut octets = Vec::new();
        sent.iter().for_each(|pdu| pdu.write(&mut octets));
        let (mut buffer, mut got) = (Vec::new(), Vec::new());
        for piece in octets.chunks(cut) {
            buffer.extend_from_slice(piece);
            while let Some(pdu) = take(&mut buffer).expect("well-formed") {
                got.push(pdu);
            }
        }
        prop_assert_eq!(got, sent);
    }

    #[test]
    fn no_octets_panic(mut octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        while let Ok(Some(_)) = take(&mut octets) {}
    }

    /// The header is right, the command is one that has a body, and the body is anything.
    #[test]
    fn no_body_panics(command in prop_oneof![Just(1u32), Just(4), Just(5), Just(0x103), Just(0x8000_0004)], body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut unit = Vec::new();
        for field in [16 + body.len() as u32, command, 0, 7] {
            unit.extend_from_slice(&field.to_be_bytes());
        }
        unit.extend_from_slice(&body);
        let _ = take(&mut unit);
        prop_assert!(unit.is_empty(), "a whole unit is taken off, right or wrong");
    }
}

#[test]
fn lengths_that_lie_end_the_link() {
    for length in [0u32, 15, 70_001, u32::MAX] {
        assert_eq!(take(&mut length.to_be_bytes().to_vec()), Err(Malformed::Length(length)));
    }
    assert_eq!(take(&mut vec![0, 0, 0]), Ok(None));
}

#[test]
fn an_answer_that_refuses_has_no_body() {
    let refused = Pdu::answer(3, status::THROTTLED, Body::SubmitResp(String::new()));
    let mut octets = Vec::new();
    refused.write(&mut octets);
    assert_eq!(octets.len(), 16);
    assert_eq!(there_and_back(&refused), refused);
}
