//! What of a query's filters the engine answers itself.

use annals::query::Hint;
use annals::{DataType as FieldType, Schema, TimeRange, Value};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown};

use crate::schema::Known;
use crate::users::UserSet;

/// The rows that a scan is to give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) users: UserSet,
    pub(crate) time: TimeRange,
    /// `None` for all; an empty list for none.
    pub(crate) event_types: Option<Vec<String>>,
    /// What is passed over by statistics of blocks; rows that do not meet it may come, too.
    pub(crate) hints: Vec<Hint>,
}

/// What one filter says.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    Users(UserSet),
    Time(TimeRange),
    EventTypes(Vec<String>),
    /// One of these values of another field.
    Values(usize, Vec<Value>),
    Hint(Hint),
}

/// Reads filters on the columns of a store.
pub(crate) struct Reader<'a> {
    /// Of the fields by which blocks of rows are passed over; `None` where the user alone is known.
    pub(crate) schema: Option<&'a Schema>,
    /// The names of the columns, by field.
    pub(crate) names: &'a [String],
    pub(crate) known: Known,
    /// Every event type that the rows may have.
    pub(crate) event_types: &'a [String],
}

impl Wanted {
    pub(crate) fn all() -> Self {
        Self {
            users: UserSet::all(),
            time: TimeRange::ALL,
            event_types: None,
            hints: Vec::new(),
        }
    }

    /// Whether no row can be asked for.
    pub(crate) fn is_nothing(&self) -> bool {
        let late = |until: i64| until <= self.time.since;
        self.users.ranges().is_empty()
            || self.time.until.is_some_and(late)
            || self.event_types.as_ref().is_some_and(Vec::is_empty)
    }

    fn and(&mut self, condition: Condition, schema: Option<&Schema>) {
        match condition {
            Condition::Users(users) => self.users = self.users.intersection(&users),
            Condition::Time(time) => {
                self.time.since = self.time.since.max(time.since);
                self.time.until = match (self.time.until, time.until) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            Condition::EventTypes(types) => match &mut self.event_types {
                Some(known) => known.retain(|known| types.contains(known)),
                None => self.event_types = Some(types),
            },
            Condition::Values(field, values) => {
                let field = schema.and_then(|schema| schema.fields().get(field));
                self.hints
                    .extend(field.map(|field| Hint::one_of(field.name(), values)));
            }
            Condition::Hint(hint) => self.hints.push(hint),
        }
    }
}

impl Reader<'_> {
    /// The rows that all filters leave, or a few more where [`Reader::support`] is not exact.
    pub(crate) fn wanted(&self, filters: &[Expr]) -> Wanted {
        let mut wanted = Wanted::all();
        for filter in filters {
            for condition in self.conditions(filter).unwrap_or_default() {
                wanted.and(condition, self.schema);
            }
        }
        wanted
    }

    /// How far the engine answers a filter.
    pub(crate) fn support(&self, filter: &Expr) -> TableProviderFilterPushDown {
        match self.conditions(filter) {
            Some(conditions) if conditions.iter().all(|one| self.is_exact(one)) => {
                TableProviderFilterPushDown::Exact
            }
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        }
    }

    /// The engine compares event types without regard to ASCII case: that is exact where no two of the
    /// store's differ in nothing else.
    fn is_exact(&self, condition: &Condition) -> bool {
        let asked = match condition {
            Condition::Users(_) | Condition::Time(_) => return true,
            Condition::Values(..) | Condition::Hint(_) => return false,
            Condition::EventTypes(asked) => asked,
        };
        asked.iter().all(|asked| {
            let alike = |known: &&String| known.eq_ignore_ascii_case(asked);
            self.event_types
                .iter()
                .filter(alike)
                .all(|known| known == asked)
        })
    }

    /// What all of a filter says, where the engine knows it; several conditions hold together.
    fn conditions(&self, filter: &Expr) -> Option<Vec<Condition>> {
        match filter {
            Expr::BinaryExpr(binary) => match binary.op {
                Operator::And => {
                    let mut both = self.conditions(&binary.left)?;
                    both.extend(self.conditions(&binary.right)?);
                    Some(both)
                }
                Operator::Or => {
                    let (left, right) = (
                        self.conditions(&binary.left)?,
                        self.conditions(&binary.right)?,
                    );
                    Some(vec![either(left, right)?])
                }
                op => {
                    let direct = self.comparison(&binary.left, op, &binary.right);
                    let turned = || self.comparison(&binary.right, op.swap()?, &binary.left);
                    direct.or_else(turned).map(|one| vec![one])
                }
            },
            Expr::Between(between) if !between.negated => {
                let low = self.comparison(&between.expr, Operator::GtEq, &between.low)?;
                let high = self.comparison(&between.expr, Operator::LtEq, &between.high)?;
                Some(vec![low, high])
            }
            Expr::InList(list) if !list.negated => {
                let mut values = list.list.iter();
                let first = self.comparison(&list.expr, Operator::Eq, values.next()?)?;
                values.try_fold(vec![first], |all, value| {
                    let next = self.comparison(&list.expr, Operator::Eq, value)?;
                    Some(vec![either(all, vec![next])?])
                })
            }
            Expr::IsNull(column) => self.hint(column, Hint::null),
            Expr::IsNotNull(column) => self.hint(column, Hint::not_null),
            Expr::Not(column) => self.flag(column, false),
            column => self.flag(column, true),
        }
    }

    /// What is said of a column that is no longer compared with anything.
    fn hint(&self, column: &Expr, hint: impl Fn(String) -> Hint) -> Option<Vec<Condition>> {
        let Expr::Column(column) = column else {
            return None;
        };
        let field = self.names.iter().position(|name| *name == column.name)?;
        let name = self.schema?.fields().get(field)?.name();
        Some(vec![Condition::Hint(hint(name.to_owned()))])
    }

    /// A column of booleans as a condition.
    fn flag(&self, column: &Expr, value: bool) -> Option<Vec<Condition>> {
        let Expr::Column(column) = column else {
            return None;
        };
        let field = self.names.iter().position(|name| *name == column.name)?;
        let is_flag = self.schema?.fields().get(field)?.data_type() == FieldType::Boolean;
        is_flag.then(|| vec![Condition::Values(field, vec![Value::Boolean(value)])])
    }

    /// A column compared with a value.
    fn comparison(&self, column: &Expr, op: Operator, value: &Expr) -> Option<Condition> {
        let Expr::Literal(value, _) = value else {
            return None;
        };
        let (field, seconds) = self.column(column)?;
        if seconds {
            return time(op, instant(value)?).map(Condition::Time);
        }
        if field == self.known.timestamp {
            return time(op, (integer(value)?, 1)).map(Condition::Time);
        }
        if field == self.known.user {
            return users(op, text(value)?).map(Condition::Users);
        }
        if Some(field) == self.known.event_type && op == Operator::Eq {
            return Some(Condition::EventTypes(vec![text(value)?.to_owned()]));
        }
        let described = self.schema?.fields().get(field)?;
        let value = of_type(described.data_type(), value)?;
        match op {
            Operator::Eq => Some(Condition::Values(field, vec![value])),
            Operator::Lt | Operator::LtEq => {
                Some(Condition::Hint(Hint::at_most(described.name(), value)))
            }
            Operator::Gt | Operator::GtEq => {
                Some(Condition::Hint(Hint::at_least(described.name(), value)))
            }
            _ => None,
        }
    }

    /// The field of a column, and whether it is the time as a moment: `to_timestamp_seconds(timestamp)`.
    fn column(&self, expr: &Expr) -> Option<(usize, bool)> {
        match expr {
            Expr::Column(column) => {
                let field = self.names.iter().position(|name| *name == column.name)?;
                Some((field, false))
            }
            // Of strings only: every other cast changes what a comparison means.
            Expr::Cast(cast) if cast.field.data_type().is_string() => {
                let (field, seconds) = self.column(&cast.expr)?;
                (field != self.known.timestamp).then_some((field, seconds))
            }
            // To wider numbers, which keep every value and their order.
            Expr::Cast(cast)
                if matches!(cast.field.data_type(), DataType::Int64 | DataType::Float64) =>
            {
                let Expr::Column(column) = &*cast.expr else {
                    return None;
                };
                let field = self.names.iter().position(|name| *name == column.name)?;
                let narrow = self.schema?.fields().get(field)?.data_type();
                let keeps = match cast.field.data_type() {
                    DataType::Int64 => narrow == FieldType::Int,
                    _ => narrow == FieldType::Float,
                };
                keeps.then_some((field, false))
            }
            Expr::Cast(cast) if is_moment(cast.field.data_type()) => {
                self.column(&cast.expr).filter(|(_, seconds)| *seconds)
            }
            Expr::ScalarFunction(call) if call.func.name() == "to_timestamp_seconds" => {
                let [Expr::Column(column)] = call.args.as_slice() else {
                    return None;
                };
                let name = self.names.get(self.known.timestamp)?;
                (*name == column.name).then_some((self.known.timestamp, true))
            }
            _ => None,
        }
    }
}

/// What holds where either of two conditions does: of the same column, and sets, not bounds of time.
fn either(left: Vec<Condition>, right: Vec<Condition>) -> Option<Condition> {
    match (
        <[Condition; 1]>::try_from(left),
        <[Condition; 1]>::try_from(right),
    ) {
        (Ok([Condition::Users(a)]), Ok([Condition::Users(b)])) => {
            Some(Condition::Users(a.union(&b)))
        }
        (Ok([Condition::EventTypes(mut a)]), Ok([Condition::EventTypes(b)])) => {
            a.extend(b);
            a.sort();
            a.dedup();
            Some(Condition::EventTypes(a))
        }
        (Ok([Condition::Values(a, mut values)]), Ok([Condition::Values(b, others)])) if a == b => {
            values.extend(others);
            Some(Condition::Values(a, values))
        }
        _ => None,
    }
}

fn users(op: Operator, id: &str) -> Option<UserSet> {
    match op {
        Operator::Eq => Some(UserSet::one(id)),
        Operator::Lt => Some(UserSet::upto(id, false)),
        Operator::LtEq => Some(UserSet::upto(id, true)),
        Operator::Gt => Some(UserSet::from(id, false)),
        Operator::GtEq => Some(UserSet::from(id, true)),
        Operator::NotEq => Some(UserSet::upto(id, false).union(&UserSet::from(id, false))),
        _ => None,
    }
}

/// Whole seconds compared with a value in units of which `unit` make a second.
fn time(op: Operator, (value, unit): (i64, i64)) -> Option<TimeRange> {
    let floor = value.div_euclid(unit);
    let whole = value.rem_euclid(unit) == 0;
    // The first second at or after the value, and the first after it; `None` beyond the last.
    let after = floor.checked_add(1);
    let at = if whole { Some(floor) } else { after };
    let from = |since: Option<i64>| match since {
        Some(since) => TimeRange::new(Some(since), None),
        None => TimeRange::new(Some(i64::MAX), Some(i64::MAX)),
    };
    match op {
        Operator::Eq if whole => Some(TimeRange::new(at, after)),
        Operator::Eq => Some(TimeRange::new(Some(floor), Some(floor))),
        Operator::Lt => Some(TimeRange::new(None, at)),
        Operator::LtEq => Some(TimeRange::new(None, after)),
        Operator::Gt => Some(from(after)),
        Operator::GtEq => Some(from(at)),
        _ => None,
    }
}

/// A moment without a zone, in units of which so many make a second.
fn instant(value: &ScalarValue) -> Option<(i64, i64)> {
    match value {
        ScalarValue::TimestampSecond(Some(value), None) => Some((*value, 1)),
        ScalarValue::TimestampMillisecond(Some(value), None) => Some((*value, 1_000)),
        ScalarValue::TimestampMicrosecond(Some(value), None) => Some((*value, 1_000_000)),
        ScalarValue::TimestampNanosecond(Some(value), None) => Some((*value, 1_000_000_000)),
        _ => None,
    }
}

fn is_moment(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, None))
}

fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}

/// A value that a field of a type can be compared with; `None` for null and for one of another type.
fn of_type(data_type: FieldType, value: &ScalarValue) -> Option<Value> {
    let number = |number: f64| (!number.is_nan()).then_some(Value::Double(number));
    match (data_type, value) {
        (FieldType::String, value) => text(value).map(|text| Value::String(text.to_owned())),
        (FieldType::Int | FieldType::Long, ScalarValue::Int64(value)) => value.map(Value::Long),
        (FieldType::Int | FieldType::Long, ScalarValue::Int32(value)) => value.map(Value::Int),
        (FieldType::Float | FieldType::Double, ScalarValue::Float64(value)) => number((*value)?),
        (FieldType::Float | FieldType::Double, ScalarValue::Float32(value)) => {
            number((*value)?.into())
        }
        (FieldType::Boolean, ScalarValue::Boolean(value)) => value.map(Value::Boolean),
        _ => None,
    }
}

fn text(value: &ScalarValue) -> Option<&str> {
    match value {
        ScalarValue::Dictionary(_, value) => text(value),
        ScalarValue::Utf8(value) | ScalarValue::LargeUtf8(value) | ScalarValue::Utf8View(value) => {
            value.as_deref()
        }
        _ => None,
    }
}
