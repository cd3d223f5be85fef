//! Licence expressions: `MIT OR (Apache-2.0 WITH LLVM-exception AND ISC)`, and the older `MIT/Apache-2.0`.

/// Whether a licence may be used, given which single ones may.
pub fn is_allowed(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    let answer = reader.any()?;
    match reader.words.first() {
        None => Ok(answer),
        Some(word) => Err(format!("\"{word}\" is not expected in \"{expression}\"")),
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut answer = self.all()?;
        while self.take("OR") {
            answer |= self.all()?;
        }
        Ok(answer)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let answer = self.any()?;
            return if self.take(")") {
                Ok(answer)
            } else {
                Err("a parenthesis is not closed".to_owned())
            };
        }
        let Some((name, rest)) = self.words.split_first() else {
            return Err("a licence is missing at the end".to_owned());
        };
        self.words = rest;
        if !self.take("WITH") {
            return Ok((self.allowed)(name));
        }
        let Some((exception, rest)) = self.words.split_first() else {
            return Err("an exception is missing after WITH".to_owned());
        };
        self.words = rest;
        // An exception only gives more rights than the licence it is added to.
        Ok((self.allowed)(name) && *exception == "LLVM-exception")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str) -> Result<bool, String> {
        is_allowed(expression, &|name| ["MIT", "Apache-2.0", "ISC"].contains(&name))
    }

    #[test]
    fn one_of_several_is_enough() {
        assert_eq!(allowed("GPL-3.0-only OR MIT"), Ok(true));
        assert_eq!(allowed("Unlicense/MIT"), Ok(true));
        assert_eq!(allowed("GPL-3.0-only OR Unlicense"), Ok(false));
    }

    #[test]
    fn all_of_several_are_needed() {
        assert_eq!(allowed("MIT AND ISC"), Ok(true));
        assert_eq!(allowed("(MIT OR Apache-2.0) AND OpenSSL"), Ok(false));
        // AND binds closer than OR.
        assert_eq!(allowed("MIT OR Apache-2.0 AND OpenSSL"), Ok(true));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert_eq!(
            allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only"),
            Ok(true)
        );
        assert_eq!(allowed("GPL-2.0-only WITH LLVM-exception"), Ok(false));
        assert_eq!(allowed("Apache-2.0 WITH something-else"), Ok(false));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for expression in ["", "MIT OR", "(MIT", "MIT ISC", "MIT WITH"] {
            assert!(allowed(expression).is_err(), "{expression}");
        }
    }
}
