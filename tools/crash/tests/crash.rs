//! Some of each kind of crash. `make crash` does many more.

use std::process::{Command, Output};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Runs the program in a folder of its own.
fn output(arguments: &[&str]) -> std::io::Result<Output> {
    let folder = tempfile::tempdir()?;
    Command::new(env!("CARGO_BIN_EXE_annals-crash"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
}

/// Runs it; fails with all that it printed where it does.
fn run(arguments: &[&str]) -> Outcome {
    let output = output(arguments)?;
    assert!(
        output.status.success(),
        "annals-crash {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn power_loss_leaves_a_prefix_that_holds_every_synced_commit() -> Outcome {
    run(&["power", "--states", "300"])
}

#[test]
fn a_log_that_is_never_synced_is_found_out() -> Outcome {
    let output = output(&["power", "--states", "60", "--never-synced", ".log"])?;
    let said = String::from_utf8_lossy(&output.stdout);
    // The store knows what must be there: it is refused, or else the check finds what is lost.
    let finds = |what: &str| said.contains(what);
    assert!(
        finds(" refused") || finds("FAILED Lost") || finds("FAILED Wrong"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_killed_process_loses_and_doubles_nothing() -> Outcome {
    run(&["kill", "--kills", "20"])
}

#[test]
fn a_failing_system_call_loses_and_doubles_nothing() -> Outcome {
    run(&["faults", "--every", "41"])
}

#[test]
fn random_work_agrees_with_the_model() -> Outcome {
    run(&["random", "--sequences", "10"])
}

#[test]
fn a_reader_sees_commits_in_their_order_beside_writers_and_purges() -> Outcome {
    run(&["beside", "--seconds", "10"])
}
