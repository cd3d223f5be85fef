//! A small seeded generator, so that the same seed gives the same organization on every machine and version.

/// SplitMix64: one 64-bit state, good enough to spread test data.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, stream: &str) -> Self {
        Self(hash(seed, stream.as_bytes()))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound` (0 when the bound is 0).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            (self.next() % bound as u64) as usize
        }
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True with the given chance.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        unit(self.next()) < probability
    }

    /// One of a non-empty table.
    pub(crate) fn pick<'a, T>(&mut self, table: &'a [T]) -> Option<&'a T> {
        table.get(self.below(table.len()))
    }

    /// `count` distinct elements in the pool's own order.
    pub(crate) fn sample(&mut self, pool: &[u32], count: usize) -> Vec<u32> {
        let mut rest = pool.to_vec();
        let count = count.min(rest.len());
        for at in 0..count {
            let other = at + self.below(rest.len() - at);
            rest.swap(at, other);
        }
        rest.truncate(count);
        rest.sort_unstable();
        rest
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }
}

/// A number in `0..1` out of 64 bits.
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Mixes bits so that neighbouring inputs give unrelated outputs.
pub(crate) fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A seeded hash (FNV-1a, then mixed); not for secrets.
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ mix(seed);
    mix(bytes.iter().fold(start, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}
