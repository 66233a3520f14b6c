"""What the generated world is calibrated to: each number with its source.

Sources are named as in the project's collected figures: grade A = read from primary data, B = the publisher quoted
directly, C = quoted at second hand, J = our own judgement where nobody publishes a number.
"""

# -- outcomes ---------------------------------------------------------------------------------------------------------
# C: win rates over all opportunities lie between 0.21 (survey of 1,000 reps) and 0.30 (21,000 opportunities)
# B/C: 40-60 % of all pipeline ends in no decision
OUTCOME_SHARES = {"won": 0.28, "lost_competitor": 0.26, "no_decision": 0.40, "lost_other": 0.06}
# B: of forecast deals 46.9 % were won, 29.3 % lost to a competitor, 23.8 % ended in no decision (2016, 675 companies)
FORECAST_OUTCOMES = {"won": 0.47, "lost_competitor": 0.29, "no_decision": 0.24}
# J: how far a deal gets (canonical stages 2..6) by outcome; chosen so that FORECAST_OUTCOMES comes out
DEPTH_WEIGHTS = {
    "won": (0.0, 0.0, 0.0, 0.0, 1.0),
    "lost_competitor": (0.01, 0.02, 0.03, 0.04, 0.90),
    "no_decision": (0.16, 0.14, 0.14, 0.12, 0.44),
    "lost_other": (0.30, 0.30, 0.25, 0.12, 0.03),
}
# C: win-rate heterogeneity between reps, beta concentration 15-40
REP_WIN_CONCENTRATION = 25.0
# A: 7 of 20 closed deals of a developer org were re-opened; J: an ordinary org is calmer
REOPEN_SHARE_LOST = 0.03
REOPEN_SHARE_WON = 0.006
REOPENED_AFTER_DAYS = (8, 40)
CLOSED_AGAIN_AFTER_DAYS = (12, 50)
REOPENED_WIN_SHARE = 0.40
# J: a competitor is on record for most deals lost to one, and for some won ones
COMPETITOR_NAMED_SHARE_LOST = 0.80
COMPETITOR_NAMED_SHARE_WON = 0.15

# -- time -------------------------------------------------------------------------------------------------------------
# A: cycle lengths are bimodal (one public data set: 0.51 LN(2.00, .97) + 0.49 LN(4.42, .25) beats every single law)
# C: B2B quartiles 40 / 84 / 150 days. J: the mixture below keeps the two humps and meets the quartiles
FAST_CYCLE = {"share": 0.30, "mu": 3.10, "sigma": 0.70}
SLOW_CYCLE = {"mu": 4.65, "sigma": 0.42}
CYCLE_DAYS_RANGE = (4, 400)
# C: lost deals take 38 % longer than won ones
LOST_CYCLE_FACTOR = 1.38
# J: relative time in canonical stages 1..6
STAGE_TIME_WEIGHTS = (0.10, 0.14, 0.14, 0.17, 0.15, 0.30)
STAGE_TIME_SPREAD = 0.45
# B: month-end multiples of closings, won 3.0 and lost 11.4; J: the share of closings moved to the last days of a month
MONTH_END_SHARE_WON = 0.28
MONTH_END_SHARE_LOST = 0.42

# -- close dates ------------------------------------------------------------------------------------------------------
# C: 36-44 % of deals slip at least once; A: 39.8 % of a large org's deals ever changed their close date
# J: the first close date is the real one times exp(N(mean, spread)); pushes follow until it fits
CLOSE_ESTIMATE_MEAN = 0.14
CLOSE_ESTIMATE_SPREAD = 0.38
# J: a deal guessed far too late is pulled in by this share of the reps
PULL_SHARE = 0.30
# J: people like round dates: the last business day of a month, of a quarter
MONTH_END_DATE_SHARE = 0.35
QUARTER_END_DATE_SHARE = 0.15
PUSH_DAYS_RANGE = (14, 60)
PUSH_TO_MONTH_END_SHARE = 0.40
# C: 20-40 % of commit pipeline misses its date each quarter; J: on reaching the last stage most reps call a nearer date
CLOSING_CALL_SHARE = 0.65
# J: the date called then is this part of the time that is really needed
CLOSING_CALL_RANGE = (0.25, 1.05)

# -- amounts ----------------------------------------------------------------------------------------------------------
# A: amounts are lognormal within a segment and rounded to thousands in two of three deals
SEGMENT_WEIGHTS = (0.50, 0.35, 0.15)
SEGMENT_AMOUNT_MU = (9.1, 10.5, 11.9)
SEGMENT_AMOUNT_SIGMA = (0.60, 0.60, 0.70)
ROUND_THOUSANDS_SHARE = 0.68
# A: a large org fills Amount on 96.5 % of deals and changes it on 22 % of history rows
AMOUNT_MISSING_SHARE = 0.08
AMOUNT_NEVER_SHARE = 0.03
AMOUNT_CHANGE_SHARES = (0.36, 0.18)

# -- stage movement ---------------------------------------------------------------------------------------------------
# A/J: 5-10 % of deals move backwards at least once
REGRESSION_SHARE = 0.07
# not every deal has time enough to fall back and return: so many are tried to reach that share
REGRESSION_TRIES = 1.6
# J: stages that share a canonical step with a neighbour (Id. Decision Makers, Perception Analysis) are often skipped
OPTIONAL_STAGE_SHARE = 0.62
CREATED_IN_QUALIFICATION_SHARE = 0.35
# J: a rep calls a proposal a commit by hand, or keeps a contract out of commit
COMMIT_BY_HAND_SHARE = 0.20
SANDBAG_SHARE = 0.08
MANUAL_CATEGORY_SHARE = 0.40
# J: reps who set probabilities by feeling
OVERRIDING_SEAT_SHARE = 0.10
OVERRIDDEN_DEAL_SHARE = 0.60
OVERRIDE_OPTIMIST_SHARE = 0.60
# A: a large org fills NextStep on 7 % of deals; J: where it is coached, people write it at every third step
NEXT_STEP_SHARE = 0.35

# -- people -----------------------------------------------------------------------------------------------------------
# C: median tenure of a seller is about two and a half years
TENURE_DAYS_RANGE = (420, 1500)
REASSIGN_SHARE = 0.05

# -- activities -------------------------------------------------------------------------------------------------------
# B/C: won deals see 34.9 e-mails against 7.2, and 10 meetings against 7; J: scaled down to keep worlds small
ACTIVITY_MEANS_WON = {"email": 6.5, "call": 2.6, "meeting": 2.4, "task": 1.2}
ACTIVITY_MEANS_LOST = {"email": 1.9, "call": 1.8, "meeting": 1.6, "task": 0.8}

# -- records ----------------------------------------------------------------------------------------------------------
# A: lead-to-customer 10-38 %; two leads are made per deal, of which this share of deals stems from one
LEAD_CONVERTED_SHARE = 0.40
LEAD_UNCONVERTED_SHARE = 0.85
# A: 2.01 line items per opportunity in a large org
LINE_ITEM_SHARE = 0.55
DISCOUNTED_LINE_SHARE = 0.35
CONTACT_ROLE_SHARE = 0.65
# C: 15-25 % duplicate accounts in big orgs; J: only those that somebody merges are made
DUPLICATE_ACCOUNT_SHARE = 0.03
DUPLICATE_CONTACT_SHARE = 0.03
# J: companies that work in both CRMs, and how many of their deals are entered twice
SHARED_ACCOUNT_SHARE = 0.05
SHARED_DEAL_SHARE = 0.70
# J: HubSpot deals that come through partners
PARTNER_PIPELINE_SHARE = 0.35
# J: deals with a lead source (4 % in a large org, far more where marketing feeds the funnel)
LEAD_SOURCE_SHARE = 0.60
# J: how often somebody deletes
DELETED_DEAL_SHARE = 0.02
PURGED_OF_DELETED_SHARE = 0.45
PURGED_SOON_SHARE = 0.40
DELETED_CONTACT_SHARE = 0.012

# -- planted ----------------------------------------------------------------------------------------------------------
# J: 20-50 % of stage visits are skipped in the wild; a demo needs fewer to stay readable
PLANTED_SKIP_SHARE = 0.06
# A: 8.8 % of all opportunities of a public org were open past their close date
PLANTED_OVERDUE_SHARE = 0.50
PLANTED_OVERDUE_DAYS = (15, 120)
PLANTED_NO_REASON_SHARE = 0.06
PLANTED_TIME_DEFECT_SHARE = 0.012
PLANTED_LEGACY_STAGE_SHARE = 0.04
PLANTED_RETIRED_STAGE_SHARE = 0.06
PLANTED_WRONG_WON_STAGE_SHARE = 0.04
