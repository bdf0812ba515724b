//! JSON ↔ CEL. Maps are walked in the order of their keys, so that the same object always gives the same answer; the
//! library's own maps have no order.

use cel::common::traits::{self, Container, Indexer, Iterable, Sizer};
use cel::common::types::{self, CelBool, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{ExecutionError, Value};
use serde_json::Value as Json;
use std::any::Any;
use std::sync::Arc;

/// A JSON value as CEL sees it. Numbers without a fraction are `int` where they fit.
pub(crate) fn of_json(json: &Json) -> Box<dyn Val> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(b) => Box::new(CelBool::from(*b)),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Box::new(CelInt::from(i)),
            (None, Some(u)) => Box::new(CelUInt::from(u)),
            (None, None) => Box::new(CelDouble::from(n.as_f64().unwrap_or(f64::NAN))),
        },
        Json::String(s) => Box::new(CelString::from(s.clone())),
        Json::Array(items) => Box::new(CelList::from(items.iter().map(of_json).collect::<Vec<_>>())),
        Json::Object(fields) => {
            let mut entries: Vec<(CelString<'static>, Box<dyn Val>)> =
                fields.iter().map(|(k, v)| (CelString::from(k.clone()), of_json(v))).collect();
            entries.sort_by(|a, b| a.0.inner().cmp(b.0.inner()));
            Box::new(Fields(Arc::new(entries)))
        }
    }
}

/// A value in words; `None` for what has none, a map or a list of lists.
pub(crate) fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::UInt(u) => u.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null => String::new(),
        Value::List(items) if !items.iter().any(|i| matches!(i, Value::List(_))) => {
            items.iter().map(text).collect::<Option<Vec<_>>>()?.join(", ")
        }
        _ => return None,
    })
}

/// What kind of value it is, in words.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
        Value::List(_) => "a list",
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        _ => "an object",
    }
}

/// The fields of an object, in order of their names.
#[derive(Debug, Clone)]
struct Fields(Arc<Vec<(CelString<'static>, Box<dyn Val>)>>);

impl Fields {
    fn find(&self, key: &dyn Val) -> Option<&(dyn Val + 'static)> {
        let key = key.downcast_ref::<CelString<'_>>()?.inner();
        let place = self.0.binary_search_by(|(k, _)| k.inner().cmp(key)).ok()?;
        self.0.get(place).map(|(_, value)| &**value)
    }

    fn missing(key: &dyn Val) -> ExecutionError {
        let name = key.downcast_ref::<CelString<'_>>().map(CelString::inner);
        ExecutionError::no_such_key(name.unwrap_or_default())
    }
}

impl Val for Fields {
    fn get_type(&self) -> &Type {
        <Self as Val>::cel_type()
    }

    fn cel_type() -> &'static Type {
        &types::MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn into_indexer<'w>(self: Box<Self>) -> Option<Box<dyn Indexer + 'w>>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let same = |other: &Self| {
            let pairs = self.0.iter().zip(other.0.iter());
            self.0.len() == other.0.len()
                && pairs.into_iter().all(|(a, b)| a.0.inner() == b.0.inner() && a.1.equals(&*b.1))
        };
        other.downcast_ref::<Self>().is_some_and(same)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Fields {}

impl Container for Fields {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(key).is_some())
    }
}

impl Indexer for Fields {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let found = self.find(key).ok_or_else(|| Self::missing(key))?;
        Ok(CowVal::Borrowed(found))
    }

    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.find(key).map(|v| v.clone_as_boxed()).ok_or_else(|| Self::missing(key))
    }
}

impl Sizer for Fields {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.0.len()).unwrap_or(i64::MAX))
    }
}

impl Iterable for Fields {
    fn iter<'b, 'w>(&'b self) -> Box<dyn traits::Iterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        Box::new(Names(self.0.iter()))
    }
}

struct Names<'b>(std::slice::Iter<'b, (CelString<'static>, Box<dyn Val>)>);

impl<'b, 'w> traits::Iterator<'b, 'w> for Names<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        self.0.next().map(|(key, _)| -> &'b (dyn Val + 'w) { key })
    }
}
