"""The order of layers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model import Layer, Map
from generator.problems import Place, Problem, Rejected
from generator.profile.linearize import linearize


def layers(**extends: str) -> dict[str, Layer]:
    """Make layers from `name="parents as written"`; the n-th parent stands at column n."""
    return {
        name: Layer(
            name,
            tuple(
                (parent, Place(f"profiles/{name}/p.yaml", 1, column))
                for column, parent in enumerate(parents.split(), 1)
            ),
            Map({}, ()),
        )
        for name, parents in extends.items()
    }


def order(name: str, **extends: str) -> str:
    return " ".join(linearize(name, layers(**extends), {}))


def refused(name: str, **extends: str) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        linearize(name, layers(**extends), {})
    return list(caught.value.problems)


def test_the_last_parent_wins() -> None:
    assert order("p", p="a b", a="", b="") == "p b a"


def test_a_shared_base_comes_last() -> None:
    assert order("dev", dev="base node", node="base", base="") == "dev node base"
    assert order("p", p="a b", a="base", b="base", base="") == "p b a base"


def test_the_example_of_pythons_own_documentation() -> None:
    """Its article on C3 gives Z, K1, K2, K3, D, A, B, C, E; there the first wins, here the last."""
    bases = {"a": "o", "b": "o", "c": "o", "d": "o", "e": "o", "o": ""}
    inner = {"k1": "c b a", "k2": "e b d", "k3": "a d"}
    assert order("z", **bases, **inner, z="k3 k2 k1") == "z k1 k2 k3 d a b c e o"


def test_unknown_parents_are_all_told_with_a_near_match() -> None:
    one, other = refused("p", p="bsae x9", base="")
    assert (one.code, one.place) == ("GG120", Place("profiles/p/p.yaml", 1, 1))
    assert one.message == "p extends bsae, which is no profile"
    assert one.hint == 'did you mean "base"?'
    assert other.hint == "make profiles/x9/profile.yaml"


@pytest.mark.parametrize("start", ["a", "b", "c", "outside"])
def test_a_cycle_is_told_alike_from_wherever_it_is_entered(start: str) -> None:
    (problem,) = refused(start, a="b", b="c", c="a", outside="c")
    assert problem.code == "GG121"
    assert problem.message == "profiles extend one another in a circle: a → b → c → a"
    assert problem.place == Place("profiles/a/p.yaml", 1, 1)
    assert problem.related == (
        ("b extends c", Place("profiles/b/p.yaml", 1, 1)),
        ("c extends a", Place("profiles/c/p.yaml", 1, 1)),
    )


def test_a_profile_that_extends_itself_is_a_cycle() -> None:
    (problem,) = refused("a", a="a")
    assert problem.message.endswith("a → a")


def test_an_inconsistent_order_shows_who_wants_what() -> None:
    (problem,) = refused("p", p="x y", x="a b", y="b a", a="", b="")
    assert (problem.code, problem.place) == ("GG122", Place("profiles/p/p.yaml", 1, 2))
    assert problem.message == "p extends profiles that disagree on the order of a and b"
    assert problem.related == (
        ("y has the order y → a → b", Place("profiles/p/p.yaml", 1, 2)),
        ("x has the order x → b → a", Place("profiles/p/p.yaml", 1, 1)),
    )


def test_a_parent_named_above_its_own_child_is_inconsistent() -> None:
    (problem,) = refused("p", p="node base", node="base", base="")
    assert problem.code == "GG122"
    assert "extends asks for base → node" in problem.expected
    assert "the last wins" in problem.hint


def test_a_long_chain_and_many_children_are_quick() -> None:
    chain = {f"p{i}": f"p{i - 1}" if i else "" for i in range(3000)}
    wide = {f"w{i}": "p9 p5x" if i % 2 else "p9" for i in range(10_000)}
    all_layers = layers(**chain, **wide, p5x="p5")
    known: dict[str, tuple[str, ...]] = {}
    assert len(linearize("p2999", all_layers, known)) == 3000
    for name in wide:
        assert len(linearize(name, all_layers, known)) in {11, 12}


@given(st.data())
def test_orders_agree_with_pythons(data: st.DataObject) -> None:
    """As Python's own C3 says for the same classes, and refused where it refuses."""
    classes: dict[str, type] = {}
    extends: dict[str, str] = {}
    for index in range(data.draw(st.integers(1, 7))):
        name = f"n{index}"
        parents = data.draw(st.lists(st.sampled_from([*classes] or [""]), unique=True, max_size=3))
        parents = [parent for parent in parents if parent]
        extends[name] = " ".join(reversed(parents))
        try:
            classes[name] = type(name, tuple(classes[p] for p in parents), {})
        except TypeError:
            assert [p.code for p in refused(name, **extends)] == ["GG122"]
            return
        mro = [cls.__name__ for cls in classes[name].__mro__[:-1]]
        assert order(name, **extends).split() == mro
