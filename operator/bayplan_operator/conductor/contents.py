"""The steps of a tick: its table of contents."""

from collections.abc import Callable

from bayplan_operator.clock import Clock
from bayplan_operator.conductor.beside import Thread
from bayplan_operator.conductor.choosing.step import ChooseCandidates
from bayplan_operator.conductor.foreign.judging import Judging
from bayplan_operator.conductor.foreign.register import ForeignRegister
from bayplan_operator.conductor.foreign.requests import ForeignRequests
from bayplan_operator.conductor.foreign.steps import TakeForeignPods, TellForeignPods
from bayplan_operator.conductor.graphs.acting import Actor
from bayplan_operator.conductor.graphs.advancer import Advancer
from bayplan_operator.conductor.graphs.advancing import AdvanceGraphs
from bayplan_operator.conductor.graphs.checking import TakeAnswers
from bayplan_operator.conductor.graphs.due import FindDue
from bayplan_operator.conductor.graphs.durable import Durable
from bayplan_operator.conductor.graphs.intake import IntakeTerms
from bayplan_operator.conductor.graphs.leaving import Leave
from bayplan_operator.conductor.graphs.leftovers import Leftovers
from bayplan_operator.conductor.graphs.lost_nodes import LostNodes
from bayplan_operator.conductor.graphs.recording import Recorder
from bayplan_operator.conductor.graphs.rounds import BetweenRounds
from bayplan_operator.conductor.graphs.serving import Serving, TakePolicies
from bayplan_operator.conductor.graphs.taking import Newcomers, TakeGraphs, TakeWrites
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.knowledge.arrivals import Learner
from bayplan_operator.conductor.knowledge.knowledge import EndRenewal, Knowledge, TakeProfiles
from bayplan_operator.conductor.knowledge.node_memory import NodeMemory
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.measures import Measures
from bayplan_operator.conductor.outlook.estimating import Estimator
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans
from bayplan_operator.conductor.placing.creating import Creator
from bayplan_operator.conductor.placing.foretelling import Foretelling
from bayplan_operator.conductor.placing.found_holds import FoundHolds
from bayplan_operator.conductor.placing.gated import GiveBackRoom
from bayplan_operator.conductor.placing.insight import Insight
from bayplan_operator.conductor.placing.load import FollowLoad
from bayplan_operator.conductor.placing.placing import Actors, Placing
from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.conductor.placing.preempting import Preempting
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.placing.rendezvous import Rendezvous
from bayplan_operator.conductor.placing.shards import ShardRequests
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.placing.worth import TellWorth
from bayplan_operator.conductor.queueing.draining import Drain
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.queueing.reporting import ReportQueues
from bayplan_operator.conductor.queueing.run_times import TellRunTimes
from bayplan_operator.conductor.queueing.sharing import Sharing
from bayplan_operator.conductor.queueing.steps import Assigning, HoldBack, TakeQueues
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.surroundings import View, Writers
from bayplan_operator.conductor.templates.answers import Answers
from bayplan_operator.conductor.templates.checker import Checker
from bayplan_operator.conductor.templates.questions import Questions
from bayplan_operator.conductor.tick import Conductor
from bayplan_operator.settings import Settings


def conductor(view: View, writers: Writers, settings: Settings, clock: Clock, wake: Callable[[], None]) -> Conductor:
    """Ready to tick. ``wake`` has a tick made. Raises ``PluginError``."""
    graphs, cluster, pods = Register(), view.cluster, view.pods
    profiles = Profiles(writers.profiles, writers.events, settings)
    nodes = NodeMemory(cluster, writers.nodes, view.node_states, view.load)
    knowledge = Knowledge(cluster, pods, profiles, nodes, clock)
    arrivals = Learner(cluster, settings.seed, clock, Thread("mix", clock, wake))
    adapting = Adapting(cluster, writers.graphs, writers.events, settings.seed)
    plans = GraphPlans(cluster, settings, clock, Thread("plans", clock, wake), knowledge)
    insight = Insight(cluster, knowledge, arrivals, view.load, plans)
    answers = Answers(clock)
    checker = Checker(answers, Questions(writers.dry_runs, answers, settings.template_checks, clock))
    queues = Queues(settings.queue_half_life)
    rejections = Rejections(settings.rejection_memory)
    refusing = rejections.unwilling.nodes
    estimator = Estimator(cluster, settings, clock, Thread("estimate", clock, wake), refusing, knowledge)
    policies = Policies(writers.graphs)
    foreign = ForeignRegister(pods, Judging(policies, queues, cluster))
    wishes = Wishes(insight.laws.of)
    preempting = Preempting(pods, writers.pods, writers.events, queues, FoundHolds(cluster, pods, wishes))
    shards = ShardRequests(Creator(pods, writers.pods, answers), insight, wishes)
    graphs.on_close(shards.forget)
    graphs.on_close(preempting.forget)
    actors = Actors((shards, ForeignRequests(foreign, pods, writers.pods.foreign)), preempting)
    placing = Placing(cluster, actors, insight, queues, rejections, settings, clock)
    assigning = Assigning(queues, cluster, pods)
    serving = Serving(checker, policies, adapting, assigning, cluster, pods)
    lost = LostNodes(view.nodes, policies.graces)
    leftovers = Leftovers(pods, writers.pods, writers.graphs, wake)
    recorder = Recorder(writers.graphs, writers.events, settings, Durable(graphs, adapting, clock, wake))
    actor = Actor(pods, writers.pods, rejections)
    rounds = BetweenRounds(cluster, writers.events, view.pods)
    followers = (adapting, arrivals, plans, knowledge)
    terms = IntakeTerms(settings.stuck_after, settings.image)
    steps = (
        # What is asked for
        TakePolicies(view.inboxes.policies, policies, adapting, serving),
        TakeQueues(view.inboxes.queues, queues, assigning, cluster),
        TakeProfiles(view.inboxes.profiles, knowledge),
        TakeGraphs(view.inboxes.graphs, Newcomers(knowledge, adapting, placing), serving, leftovers, terms, clock),
        TakeWrites(view.written),
        TakeAnswers(checker, serving),
        # How far each graph is
        FindDue(pods, view.nodes, lost, rejections, leftovers),
        AdvanceGraphs(Advancer(pods, view.nodes, lost), actor, pods, rejections, followers, rounds, writers.events),
        # Where what wants to start goes
        FollowLoad(view.load, cluster, pods, policies),
        GiveBackRoom(pods),
        plans,
        knowledge,
        ChooseCandidates(cluster, pods, profiles, writers.events),
        Rendezvous(writers.services, writers.events, pods, writers.pods),
        HoldBack(),
        TakeForeignPods(foreign, rejections, writers.events),
        Drain(queues, pods, writers.pods),
        TellWorth(queues, knowledge, pods),
        placing,
        TellRunTimes(knowledge, pods),
        Foretelling(placing, cluster, settings.seed, clock, Thread("line", clock, wake)),
        arrivals,
        # What is said of it
        estimator,
        recorder,
        adapting,
        Measures(),
        TellForeignPods(foreign, writers.pods.foreign, writers.events),
        ReportQueues(queues, cluster, pods, writers.graphs.queues, Sharing(placing.shares), foreign),
        # What is over
        Leave(recorder, estimator, leftovers),
        leftovers,
        policies,
        EndRenewal(knowledge),
    )
    return Conductor(graphs, steps, clock, leftovers.forget_answers)
