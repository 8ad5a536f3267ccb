//! A server that is faulty now and then: which answers, and how, is decided by a seed.
//!
//! What becomes of the nth request for a path depends on the seed, the path and n alone, not on the
//! order in which requests for different paths come: the same seed is the same weather for everyone. No
//! path has bad luck more than [`IN_A_ROW`] times running, since who tries again a limited number of
//! times could not hold out against worse.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::faults::Fault;
use super::requests::Request;

/// How often running the requests for one path may be unlucky.
pub const IN_A_ROW: usize = 2;

/// The weather of a server.
pub struct Chaos {
    seed: u64,
    one_in: u64,
    kinds: Vec<Make>,
    of_streams: Vec<Make>,
    seen: Mutex<HashMap<String, Seen>>,
}

/// How often a path was asked for, and how often running it was unlucky of late.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    requests: u64,
    unlucky: usize,
}

/// In HTTP/2 a connection is shared, and lost for all who share it. Of so many faults one may concern
/// the whole connection; the others concern the one answer.
const CONNECTIONS: u64 = 8;

/// Makes a fault; the number decides its particulars.
type Make = fn(u64) -> Fault;

impl Chaos {
    /// Of so many requests one is answered badly, in any way from which a client can recover.
    pub fn one_in(n: u64, seed: u64) -> Self {
        let (kinds, of_streams) = (KINDS.to_vec(), OF_STREAMS.to_vec());
        Self { seed, one_in: n, kinds, of_streams, seen: Mutex::default() }
    }

    /// Of so many requests one has its body cut, and nothing else ever happens.
    pub fn cut_one_in(n: u64, seed: u64) -> Self {
        Self { kinds: vec![cut], of_streams: vec![cut_stream], ..Self::one_in(n, seed) }
    }

    /// What becomes of this request, where it is unlucky.
    pub fn strike(&self, request: &Request) -> Option<Fault> {
        let mut seen = self.seen.lock().expect("no panic under the lock");
        let seen = seen.entry(request.path.clone()).or_default();
        seen.requests += 1;
        let dice = mix(self.seed, &request.path, seen.requests);
        if !dice.is_multiple_of(self.one_in) || seen.unlucky >= IN_A_ROW {
            seen.unlucky = 0;
            return None;
        }
        seen.unlucky += 1;
        let dice = mix(dice, "kind", 0);
        let (whole, dice) = (dice.is_multiple_of(CONNECTIONS), dice / CONNECTIONS);
        let is_shared = request.protocol == "HTTP/2.0";
        let kinds = if is_shared && !whole { &self.of_streams } else { &self.kinds };
        let count = kinds.len() as u64;
        let make = kinds[usize::try_from(dice % count).expect("a small number")];
        Some(make(dice / count))
    }
}

/// All that a client can recover from. Nothing here takes longer than milliseconds by itself.
const KINDS: [Make; 16] = [
    cut,
    |dice| Fault::on("*").reset_after(bytes(dice)),
    |dice| Fault::on("*").reset_stream_after(bytes(dice)),
    |dice| Fault::on("*").go_away_cut_after(bytes(dice)),
    |_| Fault::on("*").go_away(),
    |_| Fault::on("*").close(),
    |_| Fault::on("*").reset(),
    |_| Fault::on("*").refuse_stream(),
    |_| Fault::on("*").status(429).header("retry-after", "0").body("too many\n"),
    |_| Fault::on("*").status(500).body("oops\n"),
    |_| Fault::on("*").status(502).body("bad gateway\n"),
    |_| Fault::on("*").status(503).header("retry-after", "0").body("busy\n"),
    |_| Fault::on("*").status(504).body("too slow\n"),
    |dice| Fault::on("*").longer_by(1 + dice % 1000),
    |dice| Fault::on("*").cut_after(bytes(dice)).without_length(),
    |_| Fault::on("*").trickle(512, Duration::from_millis(1)),
];

/// Those of them that concern one answer alone.
const OF_STREAMS: [Make; 10] = [
    cut_stream,
    |_| Fault::on("*").refuse_stream(),
    |_| Fault::on("*").status(429).header("retry-after", "0").body("too many\n"),
    |_| Fault::on("*").status(500).body("oops\n"),
    |_| Fault::on("*").status(502).body("bad gateway\n"),
    |_| Fault::on("*").status(503).header("retry-after", "0").body("busy\n"),
    |_| Fault::on("*").status(504).body("too slow\n"),
    |dice| Fault::on("*").longer_by(1 + dice % 1000),
    |dice| Fault::on("*").reset_stream_after(bytes(dice)),
    |_| Fault::on("*").trickle(512, Duration::from_millis(1)),
];

fn cut_stream(dice: u64) -> Fault {
    Fault::on("*").cut_stream_at(usize::try_from(dice % 1000).expect("a small number"))
}

fn cut(dice: u64) -> Fault {
    Fault::on("*").cut_at(usize::try_from(dice % 1000).expect("a small number"))
}

/// How many bytes still come: none, a few, or many.
fn bytes(dice: u64) -> usize {
    let most = [1, 20, 300, 5000][usize::try_from(dice % 4).expect("a small number")];
    usize::try_from(dice / 4 % most).expect("a small number")
}

/// Well-mixed bits of a number, a text and another number (FNV-1a, then the finish of SplitMix64).
fn mix(seed: u64, text: &str, n: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in text.bytes().chain(n.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
