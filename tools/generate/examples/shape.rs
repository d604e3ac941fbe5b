//! Prints how fast rows come and what shape they have.
//!
//! `cargo run --release -p annals-generate --example shape -- 10000000`

use std::time::Instant;

use annals_generate::{EventType, Generator, Options, Row};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let options = Options::new(rows);
    println!("{options:?}");

    let start = Instant::now();
    let mut generator = Generator::new(options.clone())?;
    println!("prepare  {:.2} s", start.elapsed().as_secs_f64());

    let start = Instant::now();
    let mut users = vec![0u64; options.users as usize];
    let mut types = [0u64; EventType::ALL.len()];
    let mut impressions = 0u64;
    let mut row = Row::default();
    while generator.next(&mut row) {
        users[row.user as usize] += 1;
        types[row.event_type as usize] += 1;
        impressions += u64::from(!row.impression.is_empty());
    }
    report("stream", rows, start);

    let start = Instant::now();
    let mut generator = Generator::new(options)?;
    generator.write_csv(&mut std::io::sink(), &mut |_| {})?;
    report("csv", rows, start);

    for event_type in EventType::ALL {
        let share = types[event_type as usize] as f64 / rows as f64;
        println!("{:8} {share:.4}", event_type.name());
    }
    println!("impressions {:.4}", impressions as f64 / rows as f64);
    print_activity(users, rows);
    Ok(())
}

fn report(what: &str, rows: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what:8} {:.2} M rows/s", rows as f64 / seconds / 1e6);
}

fn print_activity(mut users: Vec<u64>, rows: u64) {
    users.sort_unstable_by(|a, b| b.cmp(a));
    let seen = users.partition_point(|&count| count > 0);
    let mut passed = 0;
    let of_median_row = users.iter().find(|&&count| {
        passed += count;
        2 * passed >= rows
    });
    println!("users seen {seen} of {}", users.len());
    println!("rows of the most active user {:?}", users.first());
    println!("rows of the median row's user {of_median_row:?}");
    println!("rows of the median user {:?}", users.get(users.len() / 2));
}
