use rand::Rng;

/// Number of locations; their codes are `0..LOCATIONS`.
pub const LOCATIONS: u16 = 200;

/// Every event value there is: prices and ratings, rounded.
pub const EVENT_VALUES: [f32; 12] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 0.99, 2.99, 4.99, 9.99, 19.5, 49.9, 129.0,
];

/// What a user did; `as u8` gives codes from 0 in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventType {
    /// 80 % of the rows.
    #[default]
    View,
    /// 12 % of the rows.
    Click,
    /// 4 % of the rows.
    Cart,
    /// 2 % of the rows.
    Purchase,
    /// 2 % of the rows.
    Watch,
}

impl EventType {
    /// All of them, by code.
    pub const ALL: [EventType; 5] = [
        EventType::View,
        EventType::Click,
        EventType::Cart,
        EventType::Purchase,
        EventType::Watch,
    ];

    /// The text of EVENT_TYPE.
    pub fn name(self) -> &'static str {
        match self {
            EventType::View => "view",
            EventType::Click => "click",
            EventType::Cart => "cart",
            EventType::Purchase => "purchase",
            EventType::Watch => "watch",
        }
    }

    pub(crate) fn draw(rng: &mut impl Rng) -> EventType {
        match rng.random_range(0..100u32) {
            0..80 => EventType::View,
            80..92 => EventType::Click,
            92..96 => EventType::Cart,
            96..98 => EventType::Purchase,
            _ => EventType::Watch,
        }
    }
}

/// What a session ran on; `as u8` gives codes from 0 in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Device {
    /// 55 % of the sessions.
    Mobile,
    /// 27 % of the sessions.
    Desktop,
    /// 8 % of the sessions.
    Tablet,
    /// 5 % of the sessions; the remaining 5 % did not say.
    Tv,
}

impl Device {
    /// All of them, by code.
    pub const ALL: [Device; 4] = [Device::Mobile, Device::Desktop, Device::Tablet, Device::Tv];

    /// The text of DEVICE.
    pub fn name(self) -> &'static str {
        match self {
            Device::Mobile => "mobile",
            Device::Desktop => "desktop",
            Device::Tablet => "tablet",
            Device::Tv => "tv",
        }
    }

    pub(crate) fn draw(rng: &mut impl Rng) -> Option<Device> {
        match rng.random_range(0..100u32) {
            0..55 => Some(Device::Mobile),
            55..82 => Some(Device::Desktop),
            82..90 => Some(Device::Tablet),
            90..95 => Some(Device::Tv),
            _ => None,
        }
    }
}

/// An event value on 30 % of the rows, the first ones of the table more often than the last.
pub(crate) fn draw_event_value(rng: &mut impl Rng) -> Option<f32> {
    if rng.random_range(0..100u32) >= 30 {
        return None;
    }
    let most = rng.random_range(1..=EVENT_VALUES.len() as u32);
    let at = rng.random_range(0..most);
    EVENT_VALUES.get(at as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_positions() {
        for (code, event_type) in EventType::ALL.into_iter().enumerate() {
            assert_eq!(event_type as usize, code);
        }
        for (code, device) in Device::ALL.into_iter().enumerate() {
            assert_eq!(device as usize, code);
        }
    }
}
