//! What our receiving server found out about a mail's origin: SPF, DKIM, DMARC, from its `Authentication-Results` (RFC 8601).
//!
//! Anybody can write such a field. Only one that carries the name of our own server counts, and of those the first: the
//! server puts its own on top, and takes away others of its name (RFC 8601 §5).

use crate::fields::Fields;
use std::collections::BTreeMap;

/// What is known: `spf`, `dkim`, `dmarc` with a result such as `pass`; `dkim_domain`, `spf_domain`. Empty without a server that
/// is trusted.
pub fn facts(fields: &Fields, trusted: Option<&str>) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let Some(trusted) = trusted else { return facts };
    let of_ours = |value: &&str| {
        let id = value.split(';').next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        id.eq_ignore_ascii_case(trusted)
    };
    let Some(value) = fields.all("authentication-results").find(of_ours) else { return facts };
    for result in without_comments(value).split(';').skip(1) {
        let mut words = result.split_whitespace();
        let Some((method, found)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let method = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let found: String = found.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        if !matches!(&method[..], "spf" | "dkim" | "dmarc" | "arc") || found.is_empty() {
            continue;
        }
        // One signature that holds is enough; the first is kept otherwise.
        let better = found == "pass" && facts.get(&method).is_some_and(|before| before != "pass");
        if facts.contains_key(&method) && !better {
            continue;
        }
        let domain =
            words.filter_map(|word| word.split_once('=')).find_map(|(name, value)| match (&method[..], &name.to_ascii_lowercase()[..]) {
                ("dkim", "header.d") | ("spf", "smtp.mailfrom") => value.rsplit('@').next(),
                _ => None,
            });
        if let Some(domain) = domain {
            facts.insert(format!("{method}_domain"), domain.trim_matches('"').to_ascii_lowercase().chars().take(253).collect());
        }
        facts.insert(method, found);
    }
    facts
}

fn without_comments(value: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                return None;
            }
            _ => {}
        }
        (depth == 0).then_some(c)
    };
    value.chars().filter_map(outside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Authentication-Results: mx.cm.example.org;\n dkim=fail header.d=bad.example;\n dkim=pass (2048-bit key) header.d=gmail.com header.i=@gmail.com;\n\
        \tspf=pass (x: domain; of) smtp.mailfrom=rina@gmail.com;\n dmarc=pass (p=NONE sp=QUARANTINE) header.from=gmail.com\n\
        Authentication-Results: mx.cm.example.org; dmarc=fail\nAuthentication-Results: evil.example; spf=pass\n";

    #[test]
    fn only_our_server_is_believed_and_only_its_first_word() {
        let found = facts(&Fields::of(HEADER.as_bytes()), Some("MX.cm.example.org"));
        let found: Vec<_> = found.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(found, ["dkim=pass", "dkim_domain=gmail.com", "dmarc=pass", "spf=pass", "spf_domain=gmail.com"]);
        assert!(facts(&Fields::of(HEADER.as_bytes()), Some("mx.other.example")).is_empty());
        assert!(facts(&Fields::of(HEADER.as_bytes()), None).is_empty());
    }
}
