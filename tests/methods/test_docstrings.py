"""The examples in the docstrings are true."""

import doctest
import inspect

import pytest

from tests.methods.catalogue import methods, modules


@pytest.mark.parametrize("name", modules())
class TestExamples:
    def test_run_as_printed(self, name):
        result = doctest.testmod(modules()[name])
        assert result.failed == 0


@pytest.mark.parametrize("name", methods())
class TestDocstring:
    def test_has_an_example(self, name):
        assert ">>>" in (inspect.getdoc(methods()[name]) or "")

    def test_names_every_parameter_or_fits_in_a_sentence(self, name):
        method = methods()[name]
        text = inspect.getdoc(method) or ""
        if "Parameters\n" in text:
            described = [line for line in text.splitlines() if " : " in line]
            names = {part.strip() for line in described for part in line.split(" : ")[0].split(",")}
            missing = set(inspect.signature(method).parameters) - names
            # A level and the ends of a scale mean the same wherever they occur.
            assert missing <= {
                "level",
                "bounds",
                "power",
                "random_index",
                "codes",
                "scores",
                "n_groups",
                "groups",
                "tree",
            }
