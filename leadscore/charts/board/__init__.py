"""The pictures of the Performance page: a frame of counted figures in, a Picture out, also of nothing."""

from leadscore.charts.board.groups import groups as groups
from leadscore.charts.board.groups import owners as owners
from leadscore.charts.board.promises import confusion as confusion
from leadscore.charts.board.promises import reliability as reliability
from leadscore.charts.board.ranking import gains as gains
from leadscore.charts.board.ranking import lift as lift
from leadscore.charts.board.ranking import profit_curve as profit_curve
from leadscore.charts.board.scores import conversion_by_score as conversion_by_score
from leadscore.charts.board.scores import roi_by_score as roi_by_score
from leadscore.charts.board.scores import score_histogram as score_histogram
from leadscore.charts.board.stages import cohorts as cohorts
from leadscore.charts.board.stages import stage_funnel as stage_funnel
from leadscore.charts.board.stages import time_to_conversion as time_to_conversion
from leadscore.charts.board.trends import trend as trend
from leadscore.charts.board.world import world as world
