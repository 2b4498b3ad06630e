//! Profiles as they are stored: texts in NFKC and within their limits, blanks are absent.

use super::profile::{Address, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::CalendarDate;
use unicode_normalization::UnicodeNormalization;

impl Profile {
    /// The profile as it is stored: texts trimmed and in NFKC, blank ones absent, country in capitals.
    ///
    /// # Errors
    /// `value.too_long` above 4,096 bytes and `value.text` for control characters (a note may have line breaks), with the
    /// field; `customer.field` for a language that is no BCP 47 tag or a country that is not two letters.
    pub fn tidied(&self) -> Result<Self> {
        Ok(Self {
            name: line("name", self.name.as_deref())?,
            gender: self.gender,
            birthday: self.birthday,
            language: language(self.language.as_deref())?,
            address: self.address.as_ref().map(tidy_address).transpose()?.filter(|a| *a != Address::default()),
            note: text("note", self.note.as_deref(), |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?,
        })
    }

    /// Gains the fields that are missing here and known there; what is set stays. True when something was gained.
    pub fn fill_missing(&mut self, other: &Self) -> bool {
        let before = self.clone();
        let Self { name, gender, birthday, language, address, note } = other;
        self.name = self.name.take().or_else(|| name.clone());
        self.gender = self.gender.or(*gender);
        self.birthday = self.birthday.or(*birthday);
        self.language = self.language.take().or_else(|| language.clone());
        self.address = self.address.take().or_else(|| address.clone());
        self.note = self.note.take().or_else(|| note.clone());
        *self != before
    }

    /// The day on which the birthday is kept in a year; one of 29 February is kept on the 28th of other years.
    ///
    /// None without a birthday, and for a year outside 1 to 9999.
    #[must_use]
    pub fn birthday_in(&self, year: i32) -> Option<CalendarDate> {
        let (_, month, day) = self.birthday?.ymd();
        CalendarDate::new(year, month, day).or_else(|_| CalendarDate::new(year, month, day.min(28))).ok()
    }
}

fn tidy_address(address: &Address) -> Result<Address> {
    let part = |field: &'static str, value: &Option<String>| {
        line(field, value.as_deref()).map_err(|error| error.within("address"))
    };
    let country = part("country", &address.country)?.map(|country| country.to_ascii_uppercase());
    if let Some(country) = country.as_deref()
        && !(country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()))
    {
        let message = format!("`{}` is not an ISO 3166-1 alpha-2 country", limits::quote(country));
        return Err(Error::new(ErrorCode::CustomerField, message).field("address.country"));
    }
    Ok(Address {
        country,
        province: part("province", &address.province)?,
        city: part("city", &address.city)?,
        district: part("district", &address.district)?,
        street: part("street", &address.street)?,
        postal_code: part("postal_code", &address.postal_code)?,
    })
}

fn language(tag: Option<&str>) -> Result<Option<String>> {
    let Some(tag) = line("language", tag)? else { return Ok(None) };
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.len() <= limits::LANGUAGE_BYTES_MAX && tag.split('-').all(subtag) {
        return Ok(Some(tag));
    }
    let message = format!("`{}` is not a BCP 47 language tag", limits::quote(&tag));
    Err(Error::new(ErrorCode::CustomerField, message).field("language"))
}

fn line(field: &'static str, value: Option<&str>) -> Result<Option<String>> {
    text(field, value, char::is_control)
}

fn text(field: &'static str, value: Option<&str>, refused: impl Fn(char) -> bool) -> Result<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    // Before the folding, so that nobody folds 10 MB; after it, because NFKC can make a text longer.
    bounded(field, value)?;
    let folded: String = value.nfkc().collect();
    bounded(field, &folded)?;
    let trimmed = folded.trim();
    if trimmed.chars().any(refused) {
        return Err(Error::new(ErrorCode::ValueText, format!("{field} has a control character")).field(field));
    }
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

fn bounded(field: &'static str, value: &str) -> Result<()> {
    if value.len() <= limits::TEXT_BYTES_MAX {
        return Ok(());
    }
    let message = format!("{field} has {} bytes, at most {} are allowed", value.len(), limits::TEXT_BYTES_MAX);
    Err(Error::new(ErrorCode::ValueTooLong, message).field(field).limit(limits::TEXT_BYTES_MAX))
}
