"""Addresses: those of the package, Django's own password change and sign-out, and one page behind the code."""

from django.contrib.auth import views
from django.urls import include, path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView, TemplateView
from two_factor.urls import urlpatterns as two_factor
from two_factor.views import OTPRequiredMixin


class MyPage(OTPRequiredMixin, TemplateView):
    """Seen only after a code, or in a remembered browser: the package's documented way to guard a page."""

    template_name = "my_page.html"


# Of `django.contrib.auth.urls` only what is named here: its plain sign-in page would let in without a code.
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="my-page")),
    path("my-page/", never_cache(MyPage.as_view()), name="my-page"),
    path("account/logout/", views.LogoutView.as_view(), name="logout"),
    path("account/password_change/", views.PasswordChangeView.as_view(), name="password_change"),
    path("account/password_change/done/", views.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("", include(two_factor)),
]
