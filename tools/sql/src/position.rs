//! `array_position` on lists of dictionary strings.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, ListArray, StringArray, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// DataFusion's `array_position`, which compares a row of a list of dictionary strings by several calls of kernels: here
/// its strings are compared as they lie. Whatever else it is asked goes to DataFusion's own.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    inner: Arc<ScalarUDF>,
}

impl Position {
    /// In the place of `inner`, which is DataFusion's.
    pub(crate) fn new(inner: Arc<ScalarUDF>) -> Self {
        Self { inner }
    }
}

impl ScalarUDFImpl for Position {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let [ColumnarValue::Array(lists), ColumnarValue::Array(sought)] = args.args.as_slice()
            && let Some(found) = positions(lists, sought)
        {
            return Ok(ColumnarValue::Array(Arc::new(found)));
        }
        self.inner.invoke_with_args(args)
    }
}

/// The position of each string in its list, from 1: the first, null where there is none or no list. `None` where the
/// arrays are of other types.
fn positions(lists: &ArrayRef, sought: &ArrayRef) -> Option<UInt64Array> {
    let lists: &ListArray = lists.as_list_opt()?;
    let items = Strings::of(lists.values())?;
    let sought = Strings::of(sought)?;
    let place = |row: usize| {
        if lists.is_null(row) {
            return None;
        }
        let (start, end) = match lists.value_offsets().get(row..row + 2)? {
            [start, end] => (*start as usize, *end as usize),
            _ => return None,
        };
        let one = sought.get(row);
        // Null is found where null is sought.
        let place = (start..end).position(|item| items.get(item) == one)?;
        Some(place as u64 + 1)
    };
    Some((0..lists.len()).map(place).collect())
}

/// A dictionary column, read string by string.
struct Strings<'a> {
    codes: &'a DictionaryArray<Int32Type>,
    values: &'a StringArray,
}

impl<'a> Strings<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        let codes = array.as_dictionary_opt::<Int32Type>()?;
        let values = codes.values().as_string_opt::<i32>()?;
        Some(Self { codes, values })
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        let code = self.codes.key(row)?;
        self.values.is_valid(code).then(|| self.values.value(code))
    }
}
