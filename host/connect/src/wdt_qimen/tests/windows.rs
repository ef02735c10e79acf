//! Whole windows against a seller whose rows move between requests (`docs/reference/systems/wdt.md` §4.1).

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;

/// A seller's window: rows by page, and what happens to them between requests.
struct Seller {
    state: Mutex<SellerState>,
    total: fn(page: u64, count: usize) -> String,
}

struct SellerState {
    rows: Vec<u32>,
    requests: Vec<u64>,
    change: fn(request: usize, rows: &mut Vec<u32>),
}

impl Seller {
    fn new(rows: u32, total: fn(u64, usize) -> String, change: fn(usize, &mut Vec<u32>)) -> Arc<Self> {
        let state = SellerState {
            rows: (0..rows).collect(),
            requests: Vec::new(),
            change,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            total,
        })
    }
}

impl Egress for Seller {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpReply, EgressError>> {
        let form = form_of(&request);
        let (page, size): (u64, usize) = (form["page_no"].parse().unwrap(), form["page_size"].parse().unwrap());
        let mut state = self.state.lock().unwrap();
        let (at, change) = (state.requests.len(), state.change);
        change(at, &mut state.rows);
        state.requests.push(page);
        let start = (page as usize * size).min(state.rows.len());
        let end = (start + size).min(state.rows.len());
        let rows: Vec<_> = state.rows[start..end]
            .iter()
            .map(|id| format!("{{\"stockout_id\":{id}}}"))
            .collect();
        let total = (self.total)(page, state.rows.len());
        let body = format!(
            "{{\"response\":{{\"errorcode\":0{total},\"stockout_list\":[{}]}}}}",
            rows.join(",")
        );
        Box::pin(async move { reply(200, body) })
    }
}

fn on_page_0(page: u64, count: usize) -> String {
    if page == 0 {
        format!(",\"total_count\":{count}")
    } else {
        String::new()
    }
}

fn never(_: u64, _: usize) -> String {
    ",\"total_count\":-1".to_owned()
}

fn still(_: usize, _: &mut Vec<u32>) {}

/// Reads a whole window; the ids seen, and the pages asked for.
async fn pull(seller: &Arc<Seller>) -> Result<(BTreeSet<String>, Vec<u64>), ReadFailure> {
    let source = WdtQimen::new(config(), seller.clone(), clock());
    let (mut seen, mut position) = (BTreeSet::new(), None);
    loop {
        let page = source.read(&query(10), position.as_deref()).await?;
        seen.extend(page.records.into_iter().map(|record| record.body));
        match page.next {
            Some(next) => position = Some(next),
            None => return Ok((seen, seller.state.lock().unwrap().requests.clone())),
        }
    }
}

#[tokio::test]
async fn whole_windows_are_read_from_last_to_first() {
    for (rows, pages) in [
        (0, vec![0]),
        (10, vec![0]),
        (11, vec![0, 1, 0]),
        (20, vec![0, 1, 0]),
        (25, vec![0, 2, 1, 0]),
    ] {
        let (seen, asked) = pull(&Seller::new(rows, on_page_0, still)).await.unwrap();
        assert_eq!((seen.len(), asked), (rows as usize, pages), "{rows} rows");
    }
}

#[tokio::test]
async fn without_a_total_whole_windows_are_read_forward() {
    for (rows, pages) in [(0, vec![0]), (9, vec![0]), (10, vec![0, 1]), (25, vec![0, 1, 2])] {
        let (seen, asked) = pull(&Seller::new(rows, never, still)).await.unwrap();
        assert_eq!((seen.len(), asked), (rows as usize, pages), "{rows} rows");
    }
}

#[tokio::test]
async fn a_row_that_leaves_meanwhile_costs_no_other_row() {
    // Row 3 is edited after page 2 was read: it leaves page 0, and everything behind it moves one forward.
    let seller = Seller::new(25, on_page_0, |request, rows| {
        if request == 2 {
            rows.retain(|id| *id != 3);
        }
    });
    let (seen, asked) = pull(&seller).await.unwrap();
    assert_eq!(seen.len(), 25, "{asked:?}");
    assert!(asked.len() > 4, "the changed total asks for another round: {asked:?}");
}

#[tokio::test]
async fn a_row_that_arrives_meanwhile_is_read_in_the_next_round() {
    let seller = Seller::new(25, on_page_0, |request, rows| {
        if request == 3 {
            rows.insert(0, 99);
        }
    });
    let (seen, _) = pull(&seller).await.unwrap();
    assert_eq!(seen.len(), 26);
}

#[tokio::test]
async fn a_window_that_never_holds_still_is_unavailable() {
    let seller = Seller::new(25, on_page_0, |request, rows| rows.push(100 + request as u32));
    let failure = pull(&seller).await.unwrap_err();
    assert!(
        failure.passes_by_itself() && failure.to_string().contains("keeps changing"),
        "{failure}"
    );
}
