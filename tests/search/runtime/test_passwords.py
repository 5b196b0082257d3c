"""No password is left in what is shown, whatever stands in it and wherever it stands."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.runtime.passwords import is_secret, without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://anna:s3cret@db/klayer", "postgresql://anna:***@db/klayer"),
        ("--storage=postgres://anna:s3cret@db:5432/k", "--storage=postgres://anna:***@db:5432/k"),
        ("postgresql://:s3cret@db/klayer", "postgresql://:***@db/klayer"),
        ("postgresql://anna:s3:cr/et?@db/klayer", "postgresql://anna:***@db/klayer"),
        ("postgresql://anna:a@s3cret@db/klayer", "postgresql://anna:***@db/klayer"),
        ("postgresql://anna:my s3cret@db/klayer", "postgresql://anna:***@db/klayer"),
        ("postgresql://an/na:s3cret@db/klayer", "postgresql://an/na:***@db/klayer"),
        ("postgresql://anna%3As3cret@db/klayer", "postgresql://anna:***@db/klayer"),
        ("postgresql://anna:s3cret%40db/klayer", "postgresql://anna:***"),
        ("postgresql://anna:s3cret", "postgresql://anna:***"),
        ("postgresql://[::1]:s3cret/klayer", "postgresql://[::1]:***"),
        ("postgresql:/anna:s3cret@db/klayer", "postgresql:***"),
        ("postgresql:anna:s3cret/klayer", "postgresql:***"),
        ("anna:s3cret@db/klayer", "anna:***@db/klayer"),
        ("postgresql://db/k?password=s3cret&x=1", "postgresql://db/k?password=***"),
        (
            "postgresql://db/k?sslmode=a&sslpassword=s",
            "postgresql://db/k?sslmode=a&sslpassword=***",
        ),
        ("postgresql://db/k?p%61ssword=s3cret", "postgresql://db/k?p%61ssword=***"),
        ("postgresql://db/k%3Fpassword=s3cret", "postgresql://db/k%3Fpassword=***"),
        ("postgresql://anna@db/k?password=s3@cret", "postgresql://anna@db/k?password=***"),
        ("host=db password = 's3 cret' user=anna", "host=db password =***"),
        ("KLAYER_STORAGE_PASSWORD=s3cret", "KLAYER_STORAGE_PASSWORD=***"),
    ],
)
def test_a_password_is_hidden(text: str, shown: str) -> None:
    assert without_password(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "klayer",
        "studies/digits.toml",
        "sqlite:///klayer.db",
        "sqlite:////srv/compass/λ=0.1.db",
        "postgresql://db/klayer",
        "postgresql://anna@db:5432/klayer?sslmode=require&passfile=/home/anna/.pgpass",
        "postgresql://anna@[::1]:5432/klayer",
        "postgresql://[::1]:5432/klayer",
        "postgresql+psycopg:///klayer?host=/run/postgresql",
        "KLAYER_STORAGE_PASSWORD_FILE=/run/secrets/storage",
        "anna@example.org",
        "stages.explore.trials=40",
    ],
)
def test_what_holds_none_is_left_as_it_is(text: str) -> None:
    assert without_password(text) == text


MARK = "s3cret"
FORMS = (
    "postgresql://anna:{}@db/klayer",
    "postgresql://:{}@db:5432/klayer",
    "--storage=postgresql+psycopg://anna:{}@db/klayer?sslmode=require",
    "postgresql://anna@db/klayer?password={}",
    "postgresql://anna@db/klayer?sslmode=require&sslpassword={}&connect_timeout=3",
    "'postgresql://anna:{}@db/klayer' is what was given",
    "dbname=klayer password={}",
)


@given(
    form=st.sampled_from(FORMS),
    before=st.text("@:/?#&=%[]'\" \n\\4a", max_size=5),
    after=st.text("@:/?#&=%[]'\" \n\\4a", max_size=5),
)
@example(form=FORMS[0], before="@", after="@")
def test_no_character_in_a_password_shows_the_rest_of_it(
    form: str, before: str, after: str
) -> None:
    assert MARK not in without_password(form.format(before + MARK + after))


@pytest.mark.parametrize("key", ["password", "sslpassword", "PGPASSWORD", "scram_client_key"])
def test_the_value_of_such_a_key_is_secret(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize("key", ["passfile", "sslkey", "user", "compass", "requirepeer"])
def test_the_value_of_such_a_key_is_not(key: str) -> None:
    assert not is_secret(key)
