//! The change of the registered address by a signed-in user (NOTICE-4).

use http::StatusCode;

use super::account::refused_form;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{Address, AddressRefusal, Page};
use crate::pages::{AddressForm, Screen, html};

/// GET /{portal}/settings/address.
pub(super) async fn show_address(call: &Call<'_>) -> Reply {
    address_page(call, StatusCode::OK, None).await
}

/// POST /{portal}/settings/address.
pub(super) async fn change_address(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let refused = |alert| address_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert));
    let Ok(address) = Address::parse(call.form.get("address")) else {
        return refused("メールアドレスを正しく入力してください。").await;
    };
    match call.site.desk.change_address(call.portal, &call.visitor, &address).await {
        Ok(()) => call.redirect(Place::Settings),
        Err(AddressRefusal::NotSignedIn) => call.redirect(Place::SignIn),
        Err(AddressRefusal::Taken) => refused("このメールアドレスは登録できません。").await,
    }
}

async fn address_page(call: &Call<'_>, status: StatusCode, alert: Option<&str>) -> Reply {
    let done = call.site.desk.view_page(call.portal, &call.visitor, Page::Address).await;
    call.with_skip_cookies(done, |answer| match answer {
        Ok(view) => {
            let typed = call.form.get("address");
            let typed = if typed.len() <= crate::core::MAX_ADDRESS_BYTES { typed } else { "" };
            let form = AddressForm { portal: call.portal, csrf: &call.csrf(), current: &view.address, typed, alert };
            call.page(status, Screen::AddressChange, html(&form))
        }
        Err(_) => call.redirect(Place::SignIn),
    })
}
