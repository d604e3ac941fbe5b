//! Lists of strings that callers give: any iterable of `str`, or Arrow strings.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray, downcast_dictionary_array};
use arrow_schema::DataType;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyString;

use crate::{capsule, errors, times};

/// Strings that stay where they are: in Python's objects, or in Arrow arrays.
pub enum Texts {
    Python(Vec<PyBackedStr>),
    Arrow(Vec<ArrayRef>),
}

impl Texts {
    /// The strings of an argument.
    ///
    /// # Errors
    /// `InvalidInputError`, naming the argument and the position, for what is no string.
    pub fn of(name: &str, argument: &Bound<'_, PyAny>) -> PyResult<Self> {
        if argument.is_instance_of::<PyString>() {
            return Err(errors::invalid(format!(
                "{name}: one string, {}; give a list of strings",
                times::shown(argument)
            )));
        }
        match capsule::arrays_of(argument)? {
            Some(arrays) => {
                for array in &arrays {
                    check_array(name, array)?;
                }
                Ok(Self::Arrow(arrays))
            }
            None => Ok(Self::Python(strings(name, argument)?)),
        }
    }

    /// The strings, borrowed.
    ///
    /// # Errors
    /// `InternalError` for arrays that were not checked.
    pub fn as_strs(&self) -> PyResult<Vec<&str>> {
        match self {
            Self::Python(strings) => Ok(strings.iter().map(|string| &**string).collect()),
            Self::Arrow(arrays) => {
                let mut out = Vec::with_capacity(arrays.iter().map(|array| array.len()).sum());
                for array in arrays {
                    append(array, &mut out)?;
                }
                Ok(out)
            }
        }
    }
}

/// Strings of an iterable.
pub fn strings(name: &str, argument: &Bound<'_, PyAny>) -> PyResult<Vec<PyBackedStr>> {
    let mut strings = Vec::with_capacity(argument.len().unwrap_or(0));
    for (at, string) in argument.try_iter()?.enumerate() {
        let string = string?;
        let Ok(string) = string.cast::<PyString>() else {
            return Err(errors::invalid(format!(
                "{name}[{at}]: {}; must be a string",
                times::shown(&string)
            )));
        };
        strings.push(PyBackedStr::try_from(string.clone())?);
    }
    Ok(strings)
}

fn check_array(name: &str, array: &ArrayRef) -> PyResult<()> {
    let type_of_values = match array.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    if !matches!(
        type_of_values,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    ) {
        return Err(errors::invalid(format!(
            "{name}: an Arrow array of {}; must be one of strings",
            capsule::name_of(array.data_type())
        )));
    }
    match array.logical_null_count() {
        0 => Ok(()),
        nulls => Err(errors::invalid(format!(
            "{name}: {nulls} of {} strings are null; leave them out",
            array.len()
        ))),
    }
}

fn append<'a>(array: &'a ArrayRef, out: &mut Vec<&'a str>) -> PyResult<()> {
    match array.data_type() {
        DataType::Utf8 => append_plain(array.as_string::<i32>(), out),
        DataType::LargeUtf8 => out.extend(array.as_string::<i64>().iter().flatten()),
        DataType::Utf8View => out.extend(array.as_string_view().iter().flatten()),
        DataType::Dictionary(..) => {
            let array: &dyn Array = &**array;
            downcast_dictionary_array!(
                array => {
                    let mut values = Vec::with_capacity(array.values().len());
                    append(array.values(), &mut values)?;
                    out.extend(array.keys_iter().flatten().filter_map(|key| values.get(key)));
                },
                _ => return Err(errors::internal("a dictionary that is none"))
            );
        }
        _ => return Err(errors::internal("an array of no strings")),
    }
    Ok(())
}

fn append_plain<'a>(array: &'a StringArray, out: &mut Vec<&'a str>) {
    out.extend((0..array.len()).map(|at| array.value(at)));
}
