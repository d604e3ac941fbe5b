//! What an export is asked for.

use std::path::Path;

use annals::export::{
    ArrowStrings, Examples, Form, Layout, Manifest, Negatives, NegativesFrom, Partition,
    SameSecond, Selection, Sessions, Split,
};
use annals::query::Origins;
use annals::query::ScanOrder;
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::args::{EventRules, Window, epoch_seconds};
use crate::failure::{Failure, Outcome};

/// Which interactions.
#[derive(Args)]
pub struct SelectionArgs {
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub events: EventRules,
    /// Only interactions that came so
    #[arg(long, value_enum, default_value_t = OriginArg::All)]
    origin: OriginArg,
    /// Only these fields, separated by commas; they come in schema order
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// All fields but these, separated by commas
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        conflicts_with = "columns"
    )]
    without: Vec<String>,
    /// Only items with so many interactions or more
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    min_item_events: Option<u64>,
    /// Only users with so many interactions or more, of those items
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    min_user_events: Option<u64>,
    /// The newest so many interactions of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    newest: Option<u64>,
    /// The newest so many interactions of each user
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    newest_per_user: Option<u64>,
    /// Of interactions that are equal in every field, only the first
    #[arg(long)]
    distinct: bool,
    /// What becomes of sessions that never became users
    #[arg(long, value_enum, default_value_t = SessionsArg::Keep)]
    sessions: SessionsArg,
    /// At most so many interactions, the first in this order
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only what arrived since an earlier export: its manifest, or the sequence in it. The manifest of this one says
    /// what is to be done to the earlier rows first
    #[arg(long, value_name = "SEQ|MANIFEST", value_parser = earlier)]
    pub changes_since: Option<Earlier>,
}

/// An earlier export.
#[derive(Clone)]
pub struct Earlier {
    pub sequence: u64,
    /// The id of the store that it is of, where that is known.
    pub store: Option<String>,
}

fn earlier(text: &str) -> Result<Earlier, String> {
    if let Ok(sequence) = text.parse() {
        return Ok(Earlier {
            sequence,
            store: None,
        });
    }
    let json = std::fs::read_to_string(text)
        .map_err(|error| format!("neither a commit nor a manifest: {error}"))?;
    let manifest = Manifest::parse(&json).map_err(|error| error.full_message())?;
    Ok(Earlier {
        sequence: manifest.sequence,
        store: Some(manifest.store),
    })
}

#[derive(Clone, Copy, ValueEnum)]
enum OriginArg {
    All,
    /// By imports
    Bulk,
    /// One by one
    Put,
}

#[derive(Clone, Copy, ValueEnum)]
enum SessionsArg {
    /// They come as users of their name
    Keep,
    /// They are left out
    Drop,
}

impl SelectionArgs {
    pub fn selection(&self) -> Selection {
        let [since, until] = ["--since", "--until"].map(|bound| {
            let mut bounds = self.window.bounds();
            bounds
                .find(|(name, _)| *name == bound)
                .map(|(_, seconds)| seconds)
        });
        let earlier = self.changes_since.as_ref();
        let mut selection = Selection::default()
            .origin(match self.origin {
                OriginArg::All => Origins::All,
                OriginArg::Bulk => Origins::Bulk,
                OriginArg::Put => Origins::Put,
            })
            .since(since)
            .until(until)
            .after(earlier.map_or(0, |earlier| earlier.sequence))
            .events(self.events.rules())
            .sessions(match self.sessions {
                SessionsArg::Keep => Sessions::Keep,
                SessionsArg::Drop => Sessions::Drop,
            })
            .distinct(self.distinct)
            .min_item_events(self.min_item_events)
            .min_user_events(self.min_user_events)
            .newest(self.newest)
            .newest_per_user(self.newest_per_user)
            .limit(self.limit)
            .without(self.without.iter());
        selection.columns.clone_from(&self.columns);
        selection
    }
}

/// How they are laid out.
#[derive(Args)]
pub struct LayoutArgs {
    /// What one record is
    #[arg(long, value_enum, default_value_t = LayoutArg::Rows)]
    layout: LayoutArg,
    /// Only the newest N interactions of a sequence
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_length: Option<u64>,
    /// Only sequences, and examples with histories, of N interactions or more
    #[arg(long, value_name = "N")]
    min_length: Option<u64>,
    /// The newest N interactions before the target of an example [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    history: Option<u64>,
    /// What of the target's own second is in the history of an example [default: leave-out]
    #[arg(long, value_enum)]
    same_second: Option<SameSecondArg>,
    /// Leave out of a history what arrived after the target
    #[arg(long)]
    as_known: bool,
    /// Beside each target, N items that the user did not interact with
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    negatives: Option<u32>,
    /// What negatives are drawn from [default: catalogue]
    #[arg(long, value_enum, requires = "negatives")]
    negatives_from: Option<NegativesFromArg>,
    /// Equal seeds draw equal negatives [default: 0]
    #[arg(long, value_name = "S", requires = "negatives")]
    seed: Option<u64>,
    /// Whether an export ends when a history holds what came at or after its target
    #[arg(long, value_enum, default_value_t = Switch::On)]
    leak_guard: Switch,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutArg {
    /// An interaction
    Rows,
    /// A user, with a list for each column
    Sequences,
    /// An interaction, with lists of what its user did before
    Examples,
    /// An item that was shown
    Impressions,
}

#[derive(Clone, Copy, ValueEnum)]
enum SameSecondArg {
    /// Nothing
    LeaveOut,
    /// What arrived before the target
    Arrived,
    /// All but the target; the leak guard refuses it
    All,
}

#[derive(Clone, Copy, ValueEnum)]
enum NegativesFromArg {
    /// The items of the selection
    Catalogue,
    /// What was shown with the target
    Impression,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl LayoutArgs {
    pub fn has_leak_guard(&self) -> bool {
        self.leak_guard == Switch::On
    }

    pub fn layout(&self) -> Outcome<Layout> {
        let is = |layout: LayoutArg| self.layout == layout;
        let examples = is(LayoutArg::Examples);
        let misplaced = [
            (
                "--max-length",
                self.max_length.is_some(),
                is(LayoutArg::Sequences),
                "sequences",
            ),
            (
                "--min-length",
                self.min_length.is_some(),
                is(LayoutArg::Sequences) || examples,
                "sequences or examples",
            ),
            ("--history", self.history.is_some(), examples, "examples"),
            (
                "--same-second",
                self.same_second.is_some(),
                examples,
                "examples",
            ),
            ("--as-known", self.as_known, examples, "examples"),
            (
                "--negatives",
                self.negatives.is_some(),
                examples,
                "examples",
            ),
        ];
        for (option, given, fits, layouts) in misplaced {
            if given && !fits {
                return Err(Failure::usage(format_args!(
                    "{option} is for --layout {layouts}"
                )));
            }
        }
        Ok(match self.layout {
            LayoutArg::Rows => Layout::Rows,
            LayoutArg::Sequences => Layout::Sequences {
                max_length: self.max_length,
                min_length: self.min_length.unwrap_or(0),
            },
            LayoutArg::Impressions => Layout::Impressions,
            LayoutArg::Examples => Layout::Examples(
                Examples::default()
                    .history(self.history.unwrap_or(Examples::default().history))
                    .min_history(self.min_length.unwrap_or(0))
                    .same_second(match self.same_second {
                        None | Some(SameSecondArg::LeaveOut) => SameSecond::LeaveOut,
                        Some(SameSecondArg::Arrived) => SameSecond::Arrived,
                        Some(SameSecondArg::All) => SameSecond::All,
                    })
                    .as_known(self.as_known)
                    .negatives(self.negatives.map(|count| {
                        Negatives::new(count).seed(self.seed.unwrap_or(0)).from(
                            match self.negatives_from {
                                None | Some(NegativesFromArg::Catalogue) => {
                                    NegativesFrom::Catalogue
                                }
                                Some(NegativesFromArg::Impression) => NegativesFrom::Impression,
                            },
                        )
                    })),
            ),
        })
    }
}

/// Into which files, and how they are written.
#[derive(Args)]
pub struct FormArgs {
    /// The format of the files [default: by the ending of the name, else csv]
    #[arg(long, value_enum)]
    format: Option<FormArg>,
    /// Split into folders train, valid and test: at times, the newest of each user, or by user
    #[arg(
        long,
        value_name = "time:T1[,T2]|leave-last:K|user-hash:80,10,10",
        value_parser = split
    )]
    pub split: Option<Split>,
    /// Into folders, as Hive has them: by user, or by month
    #[arg(long, value_name = "user-hash:N|month", value_parser = partition)]
    pub partition_by: Option<Partition>,
    /// How strings are kept in formats with types [default: plain]
    #[arg(long, value_enum)]
    strings: Option<StringsArg>,
    /// The order of the rows
    #[arg(long, value_enum, default_value_t = RowOrder::UserTime)]
    order: RowOrder,
    /// Threads that make and encode records [default: the cores there are]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormArg {
    /// A header of the columns' names; null is an empty cell
    Csv,
    /// Parquet
    Parquet,
    /// An Arrow IPC file
    Arrow,
    /// An Arrow IPC stream
    Arrows,
    /// RecBole's interactions
    Inter,
    /// One object a line; of rows, as `put` takes them
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
enum StringsArg {
    /// As plain strings, which every reader takes
    Plain,
    /// As dictionaries
    Dictionary,
    /// As string views
    View,
}

#[derive(Clone, Copy, ValueEnum)]
enum RowOrder {
    /// By user, then timestamp, then arrival
    UserTime,
    /// As they lie: faster
    Any,
}

impl FormArgs {
    pub fn form(&self, output: &Path) -> Outcome<Form> {
        let Some(form) = self.format else {
            return form_of(output);
        };
        Ok(match form {
            FormArg::Csv => Form::Csv,
            FormArg::Parquet => Form::Parquet,
            FormArg::Arrow => Form::Arrow,
            FormArg::Arrows => Form::Arrows,
            FormArg::Inter => Form::Inter,
            FormArg::Jsonl => Form::Jsonl,
        })
    }

    pub fn strings(&self) -> Option<ArrowStrings> {
        self.strings.map(|strings| match strings {
            StringsArg::Plain => ArrowStrings::Plain,
            StringsArg::Dictionary => ArrowStrings::Dictionary,
            StringsArg::View => ArrowStrings::View,
        })
    }

    pub fn order(&self) -> ScanOrder {
        match self.order {
            RowOrder::UserTime => ScanOrder::UserTime,
            RowOrder::Any => ScanOrder::Any,
        }
    }

    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    /// Whether the output is a folder.
    pub fn is_folder(&self) -> bool {
        self.split.is_some() || self.partition_by.is_some()
    }
}

/// Endings of names whose files are in formats that are not written.
const OTHERS: [(&str, &str); 10] = [
    (".orc", "ORC"),
    (".avro", "Avro"),
    (".json", "JSON"),
    (".xlsx", "a spreadsheet"),
    (".gz", "compressed"),
    (".zst", "compressed"),
    (".bz2", "compressed"),
    (".xz", "compressed"),
    (".tsv", "tab-separated"),
    (".db", "a database"),
];

/// The form that a file's name asks for.
pub fn form_of(output: &Path) -> Outcome<Form> {
    let name = output.to_string_lossy().to_ascii_lowercase();
    let mut others = OTHERS.iter();
    if let Some((_, other)) = others.find(|(ending, _)| name.ends_with(ending)) {
        return Err(Failure::usage(format_args!(
            "--output {}: the name says {other}, and export writes CSV, JSON lines, Parquet, Arrow and RecBole's \
             files; give a name that ends in .csv, .jsonl, .parquet, .arrow, .arrows or .inter, or say --format",
            output.display()
        )));
    }
    Ok(Form::of_path(output).unwrap_or(Form::Csv))
}

fn split(text: &str) -> Result<Split, String> {
    let forms = || {
        "write time:2024-01-01, time:2024-01-01,2024-02-01, leave-last:1 or user-hash:80,10,10"
            .to_owned()
    };
    let (how, rest) = text.split_once(':').ok_or_else(forms)?;
    let now = Timestamp::now();
    match how {
        "time" => match rest.split_once(',') {
            Some((first, second)) => Ok(Split::Time(
                epoch_seconds(first, now)?,
                Some(epoch_seconds(second, now)?),
            )),
            None => Ok(Split::Time(epoch_seconds(rest, now)?, None)),
        },
        _ => Split::parse(text).map_err(|_| forms()),
    }
}

fn partition(text: &str) -> Result<Partition, String> {
    Partition::parse(text).map_err(|_| "write user-hash:16 or month".to_owned())
}
